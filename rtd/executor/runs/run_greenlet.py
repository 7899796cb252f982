"""The greenlet of a run, and the greenlets that the run starts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any, Final

import gevent
from gevent import Greenlet

from rtd.common.stdlib.originals import threading
from rtd.executor.runs.concurrent_run import ConcurrentRun
from rtd.executor.runs.run_in_main_thread import end_fork
from rtd.executor.runs.unfinished import is_living_greenlet, list_names, name_greenlet
from rtd.process.fork.fork_guard import FORK_GUARD
from rtd.session.context import run_context
from rtd.session.core.app_errors import Stopped

__all__ = ["RunGreenlet", "carry_run_into_greenlet"]

#: How long the greenlets that a run leaves behind may take to end.
_LEFT_S: Final = 2.0


class RunGreenlet:
    """The greenlet of one run, and whether it is inside the task's code."""

    def __init__(self, active: ConcurrentRun, greenlet: Greenlet) -> None:
        self.active = active
        self.greenlet = greenlet
        self.in_task = False
        #: The call of the `stop` of a class task.
        self.stopping: Greenlet | None = None

    def enter_task(self) -> None:
        """Enter the task's code: a stop may be raised in it."""
        self.in_task = True

    def leave_task(self) -> None:
        """Leave the task's code."""
        if FORK_GUARD.is_child:
            end_fork()
        self.in_task = False

    @contextmanager
    def task_code(self) -> Iterator[None]:
        """Be in the task's code meanwhile."""
        self.enter_task()
        try:
            yield
        finally:
            self.leave_task()

    def raise_stop(self) -> None:
        """Raise Stopped in the task's code, if the run is still inside. Called in the Hub."""
        if self.in_task:
            self.greenlet.throw(Stopped)

    def leave_unstoppable(self) -> None:
        """Raise Stopped where the run's own greenlet ends the block that has held a stop back."""
        if self.in_task and self.active.own_stop is None:
            raise Stopped

    def finish(self, loop: Any, done: Callable[[], None]) -> None:
        """End the greenlets that the run leaves behind, name them in its record, and call `done`.

        Its `stop` may wait for the greenlet of the run. So while that goes on, this is done by
        another greenlet, which the Hub starts: it is no part of the run.
        """
        if self.stopping is None or self.stopping.ready():
            self._end_all(done)
        else:
            loop.run_callback(self._finish_apart, done)

    def _finish_apart(self, done: Callable[[], None]) -> None:
        ending = Greenlet(self._end_all, done)
        ending.gr_context = self.greenlet.gr_context
        ending.start()

    def _end_all(self, done: Callable[[], None]) -> None:
        try:
            self._end_left_greenlets()
        finally:
            done()

    def _end_left_greenlets(self) -> None:
        if self.stopping is not None:
            self.stopping.join(timeout=_LEFT_S)
        started = self.active.current_run.list_started()
        # With their names: one that has ended does not know its function any more.
        left = {
            one: name_greenlet(one)
            for one in started
            if is_living_greenlet(one) and one is not self.greenlet
        }
        if not left:
            return
        gevent.killall(list(left), block=False)
        gevent.joinall(list(left), timeout=_LEFT_S)
        # The coordinator names those that go on.
        names = [name for one, name in left.items() if one.ready()]
        if names:
            count, shown = list_names("greenlet", names)
            self.active.outcome.add_note(f"ended {count} that it left behind: {shown}")


def carry_run_into_greenlet(greenlet: Greenlet) -> None:
    """Let a greenlet be part of the run that starts it: gevent gives it an empty context."""
    run = run_context.find_run()
    if run is None or run.ended or _is_thread(greenlet):
        return
    run.add_started(greenlet)
    if greenlet.gr_context is None:
        greenlet.gr_context = copy_context()


def _is_thread(greenlet: Greenlet) -> bool:
    """Return whether a greenlet stands for a thread: it may serve a whole process, as those of a
    pool do. `rtd.executor.runs.run_threads` knows it."""
    return isinstance(getattr(greenlet._run, "__self__", None), threading.Thread)
