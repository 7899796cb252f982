"""Threads, greenlets and asyncio tasks that a run leaves behind, as its record names them."""

import sys
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, Final

from rtd.common.format_units import format_count
from rtd.common.stdlib.originals import threading
from rtd.executor.core.attempt_outcome import AttemptOutcome
from rtd.session.context.run_context import CurrentRun

__all__ = ["is_living_greenlet", "list_names", "name_greenlet", "note_unfinished"]

_MOST_NAMES: Final = 5
#: The name of a thread that is the event loop's, where a call of the run goes on.
_CALL: Final = "asyncio.to_thread"


def note_unfinished(outcome: AttemptOutcome, run: CurrentRun) -> None:
    """Name in the record what goes on although the run is over."""
    left = run.list_started()
    threads = [t.name for t in left if _is_living_thread(t)]
    threads += [_CALL for call in left if _is_going_call(call)]
    _add_note(outcome, "thread", threads)
    _add_note(outcome, "greenlet", [name_greenlet(g) for g in left if is_living_greenlet(g)])
    _add_note(outcome, "asyncio task", [_task_name(t) for t in left if _is_open_task(t)])


def _add_note(outcome: AttemptOutcome, noun: str, names: list[str]) -> None:
    if not names:
        return
    count, shown = list_names(noun, names)
    outcome.add_note(
        f"left {count} behind: {shown}; from now on the output goes to the daemon's log"
    )


def list_names(noun: str, names: Sequence[str]) -> tuple[str, str]:
    """Return how many there are, as `2 threads`, and the first of their names."""
    shown = ", ".join(names[:_MOST_NAMES])
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return format_count(len(names), noun), shown + more


def _is_living_thread(one: Any) -> bool:
    return isinstance(one, threading.Thread) and one.is_alive()


def _is_going_call(one: Any) -> bool:
    return isinstance(one, Future) and one.running()


def is_living_greenlet(one: Any) -> bool:
    """Return whether something that a run has started is a greenlet that goes on."""
    gevent = sys.modules.get("gevent")
    return gevent is not None and isinstance(one, gevent.Greenlet) and not one.ready()


def name_greenlet(one: Any) -> str:
    """Return the name of a greenlet, with that of its function."""
    function = getattr(one, "_run", None)
    code = getattr(function, "__qualname__", "")
    return f"{one.name} ({code})" if code else str(one.name)


def _is_open_task(one: Any) -> bool:
    asyncio = sys.modules.get("asyncio")  # not imported for this: most executors never need it
    return asyncio is not None and isinstance(one, asyncio.Task) and not one.done()


def _task_name(task: Any) -> str:
    code = getattr(task.get_coro(), "__qualname__", "")
    return f"{task.get_name()} ({code})" if code else task.get_name()
