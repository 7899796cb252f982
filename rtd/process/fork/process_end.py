"""Does at the end of a forked process what Python does at the end of a program.

A forked child cannot leave through the interpreter, which belongs to its parent: it would run the
exit functions of the parent, and clear all modules. So the child does its own part and leaves by
`_exit`: threads are joined, its own exit functions run, logging is shut down, files are closed.
"""

import atexit
import gc
import io
import sys
import weakref
from collections.abc import Callable
from contextlib import suppress
from types import CellType, FrameType, FunctionType, MethodType
from typing import Any, Final, NamedTuple

from rtd.common.stdlib.originals import signal, threading

__all__ = ["begin_own_end", "describe_end", "end_process", "flush_before_forks", "needs_end"]

#: The base of all files. Not `io.IOBase`: asking whether a type is an abstract class's writes to
#: both, and each page that a child writes to is copied.
_FILE: Final[type] = io.IOBase.__mro__[1]
#: Types of objects that need no end, and that most processes have.
_WITHOUT_END: Final = frozenset({dict, list, tuple, set, type, FunctionType, MethodType, CellType})
#: Objects of these modules are no task's: they end with the process.
_NOT_OF_TASKS: Final = ("rtd.", "asyncio.", "threading", "subprocess", "socket", "weakref", "_io.")

#: Files that the import of the app has opened; their objects are out of the collector's reach.
_inherited: Final[list[weakref.ref[Any]]] = []


def flush_before_forks() -> None:
    """Write out what the import of the app has left in buffers: each fork would write it again."""
    logging = sys.modules.get("logging")
    for handler in list(logging._handlerList) if logging else ():
        with suppress(Exception):  # it is the app's own code
            if (found := handler()) is not None:
                found.flush()
    files = [one for one in gc.get_objects() if issubclass(type(one), _FILE) and _is_written(one)]
    for file in sorted(files, key=_depth):
        with suppress(Exception):
            file.flush()
            if _holds_text(file):
                _inherited.append(weakref.ref(file))


def begin_own_end() -> None:
    """Leave the parent's exit functions and objects to it, at the beginning of a child."""
    gc.freeze()
    atexit._clear()
    for finalizer in list(weakref.finalize._registry):  # type: ignore[attr-defined]
        finalizer.atexit = False
    weakref.finalize._registered_with_atexit = False  # type: ignore[attr-defined]
    processes = sys.modules.get("multiprocessing.process")
    if processes is not None:
        processes._children.clear()


def end_process(limit_s: float, on_late: Callable[[str], None]) -> None:
    """End everything as Python would. The caller then leaves by `_exit`.

    Args:
        limit_s: how long that may take.
        on_late: called when it takes longer, with the step that does; ends the process.

    Code of the task may run, and write something.
    """
    done: list[str] = []

    def late(_number: int, _frame: FrameType | None) -> None:
        on_late(_STEPS[len(done)].name)

    signal.signal(signal.SIGALRM, late)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    for step in _STEPS:
        with suppress(Exception, SystemExit):  # Python goes on, too
            step.action()
        done.append(step.name)
    signal.setitimer(signal.ITIMER_REAL, 0)


def describe_end(step: str) -> str:
    """Return the names of the threads, when these hold up the end; else the step."""
    threads = [t for t in threading.enumerate() if t is not threading.main_thread()]
    names = [t.name for t in threads if not t.daemon] or [t.name for t in threads]
    return ", ".join(names[:5]) if step == "threads" and names else step


class _Step(NamedTuple):
    name: str
    action: Callable[[], object]


def needs_end() -> bool:
    """Return whether there is something to end, as in few processes; runs no code of the task.

    One function, and no generator: a child copies the pages of each that it calls.
    """
    logging = sys.modules.get("logging")
    if (
        _inherited
        or len(threading._active) > 1  # type: ignore[attr-defined]
        or atexit._ncallbacks()
        or "multiprocessing.util" in sys.modules
        or (logging is not None and len(logging._handlerList) > 1)  # one is `logging.lastResort`
    ):
        return True
    for kind in set(map(type, gc.get_objects())) - _WITHOUT_END:
        if issubclass(kind, _FILE) or _has_end(kind):
            return True
    return False


def _join_threads() -> None:
    # Not the original: gevent has replaced the locks that it would wait for.
    sys.modules["threading"]._shutdown()


def _end_children() -> None:
    # Registered with atexit by an import that may have been in the parent.
    if "multiprocessing.util" in sys.modules:
        sys.modules["multiprocessing.util"]._exit_function()


def _end_logging() -> None:
    if "logging" in sys.modules:
        sys.modules["logging"].shutdown()


def _end_objects() -> None:
    """Finalize what is alive: what wraps other things before these."""
    alive = gc.get_objects()
    for one in alive:
        if _has_end(type(one)):
            with suppress(Exception):
                one.__del__()
    files = [one for one in alive if issubclass(type(one), _FILE) and _is_written(one)]
    for file in sorted(files, key=_depth):
        with suppress(Exception):
            file.close()
    inherited = [file for one in _inherited if (file := one()) is not None]
    for file in sorted(inherited, key=_depth):
        with suppress(Exception):
            file.flush()


def _has_end(kind: type) -> bool:
    """Return whether objects of a type have a finalizer of the task."""
    return hasattr(kind, "__del__") and not issubclass(kind, _FILE) and _is_of_task(kind)


def _is_of_task(kind: type) -> bool:
    return not f"{kind.__module__}.".startswith(_NOT_OF_TASKS)


def _depth(file: io.IOBase) -> int:
    """Return the order of ends: text, what compresses, buffers, the files of the kernel."""
    if isinstance(file, io.TextIOBase):
        return 0
    buffers = (io.BufferedWriter, io.BufferedRandom, io.BufferedRWPair)
    return 3 if isinstance(file, io.FileIO) else 2 if isinstance(file, buffers) else 1


def _holds_text(file: io.IOBase) -> bool:
    """Return whether a file may hold back what is written to it."""
    return not isinstance(file, io.FileIO) and not getattr(file, "write_through", False)


def _is_written(file: Any) -> bool:
    if type(file).__module__.startswith("rtd.") or file in (sys.__stdin__, sys.stdin):
        return False
    with suppress(Exception):
        return not file.closed and bool(file.writable())
    return False


_STEPS: Final = (
    _Step("threads", _join_threads),
    _Step("exit functions", atexit._run_exitfuncs),
    _Step("child processes", _end_children),
    _Step("logging", _end_logging),
    _Step("open files", _end_objects),
)
