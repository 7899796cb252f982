"""Threads that a run starts are part of it: their output, `current_run()` and `progress()`.

Python 3.14 can hand a whole context to a thread; here it is the run alone, so that context
variables of the app are as in any other program.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final

from rtd.common.stdlib.originals import threading
from rtd.session.context.run_context import CurrentRun, enter_run, find_run, leave_run

__all__ = ["LoopPool", "carry_run_into_threads", "runs_in_threads"]


def carry_run_into_threads() -> None:
    """Let threads, and the work of thread pools, be part of the run that starts them."""
    if threading.Thread.start is not _start:
        threading.Thread.start = _start  # type: ignore[method-assign]
        ThreadPoolExecutor.submit = _submit  # type: ignore[assignment, method-assign]


#: How many blocks of `runs_in_threads` go on.
_BLOCKS: Final = [0]
_BLOCKS_LOCK: Final = threading.Lock()


@contextmanager
def runs_in_threads() -> Iterator[None]:
    """As `carry_run_into_threads`, until the end of the block."""
    with _BLOCKS_LOCK:
        is_ours = _BLOCKS[0] > 0 or threading.Thread.start is not _start
        _BLOCKS[0] += is_ours
        carry_run_into_threads()
    try:
        yield
    finally:
        with _BLOCKS_LOCK:
            _BLOCKS[0] -= is_ours
            if is_ours and not _BLOCKS[0]:
                threading.Thread.start = _start_thread  # type: ignore[method-assign]
                ThreadPoolExecutor.submit = _submit_work  # type: ignore[method-assign]


_start_thread = threading.Thread.start
_submit_work = ThreadPoolExecutor.submit


@wraps(_start_thread)
def _start(self: threading.Thread) -> None:
    run = find_run()
    if run is not None and not run.ended:
        run.add_started(self)
        body = self.run

        def run_in_context() -> None:
            vars(self).pop("run", None)  # it refers to itself
            _call_within(run, body)

        self.run = run_in_context  # type: ignore[method-assign]
    _start_thread(self)


@wraps(_submit_work)  # type: ignore[arg-type]
def _submit(
    self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
) -> Future[Any]:
    run = find_run()
    if run is None:
        return _submit_work(self, fn, *args, **kwargs)
    return _submit_work(self, _call_within, run, fn, *args, **kwargs)


class LoopPool(ThreadPoolExecutor):
    """The threads of an event loop, as `asyncio.to_thread` uses them. They stay for later runs, so
    no run has started them; a run has only its calls in them."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call a function in a thread, as a part of the run that calls this."""
        run = find_run()
        if run is None or run.ended:
            return super().submit(fn, *args, **kwargs)
        token = enter_run(None)
        try:
            call = super().submit(_call_within, run, fn, *args, **kwargs)
        finally:
            leave_run(token)
        run.add_started(call)
        return call


def _call_within(run: CurrentRun, body: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    token = enter_run(run)
    try:
        return body(*args, **kwargs)
    finally:
        leave_run(token)
