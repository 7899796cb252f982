"""Does at the end of a forked process what Python does at the end of a program.

A forked child cannot leave through the interpreter, which belongs to its parent: it would run the
exit functions of the parent, and clear all modules. So the child does its own part and leaves by
`_exit`: threads are joined, its own exit functions run, logging is shut down, files are closed.
"""

import atexit
import gc
import io
import signal
import sys
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any, Final

__all__ = ["begin_own_end", "describe_end", "end_process", "flush_before_forks"]

#: Objects of these modules are no task's: they end with the process.
_NOT_OF_TASKS: Final = ("rtd.", "asyncio.", "threading", "subprocess", "socket", "weakref", "_io.")

#: Files that the import of the app has opened; their objects are out of the collector's reach.
_inherited: Final[weakref.WeakSet[Any]] = weakref.WeakSet()


def flush_before_forks() -> None:
    """Write out what the import of the app has left in buffers: each fork would write it again."""
    logging = sys.modules.get("logging")
    for handler in list(logging._handlerList) if logging else ():
        with suppress(Exception):  # it is the app's own code
            if (found := handler()) is not None:
                found.flush()
    files = [
        one for one in gc.get_objects() if issubclass(type(one), io.IOBase) and _is_written(one)
    ]
    for file in sorted(files, key=_depth):
        with suppress(Exception):
            file.flush()
            _inherited.add(file)


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
    """
    done: list[str] = []

    def late(_number: int, _frame: FrameType | None) -> None:
        on_late(_STEPS[len(done)][0])

    signal.signal(signal.SIGALRM, late)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    for step, action in _STEPS:
        with suppress(Exception, SystemExit):  # Python goes on, too
            action()
        done.append(step)
    signal.setitimer(signal.ITIMER_REAL, 0)


def describe_end(step: str) -> str:
    """Return the names of the threads, when these hold up the end; else the step."""
    threads = [t for t in threading.enumerate() if t is not threading.main_thread()]
    names = [t.name for t in threads if not t.daemon] or [t.name for t in threads]
    return ", ".join(names[:5]) if step == "threads" and names else step


def _join_threads() -> None:
    threading._shutdown()  # type: ignore[attr-defined]


def _end_children() -> None:
    # Registered with atexit by an import that may have been in the parent.
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        util._exit_function()


def _end_logging() -> None:
    logging = sys.modules.get("logging")
    if logging is not None:
        logging.shutdown()


def _end_objects() -> None:
    """Finalize what is alive: what wraps other things before these."""
    alive = gc.get_objects()
    for one in alive:
        if (
            hasattr(type(one), "__del__")
            and not issubclass(type(one), io.IOBase)
            and _is_of_task(one)
        ):
            with suppress(Exception):
                one.__del__()
    files = [one for one in alive if issubclass(type(one), io.IOBase) and _is_written(one)]
    for file in sorted(files, key=_depth):
        with suppress(Exception):
            file.close()
    for file in sorted(_inherited, key=_depth):
        with suppress(Exception):
            file.flush()


def _is_of_task(one: Any) -> bool:
    return not f"{type(one).__module__}.".startswith(_NOT_OF_TASKS)


def _depth(file: io.IOBase) -> int:
    """Return the order of ends: text, what compresses, buffers, the files of the kernel."""
    if isinstance(file, io.TextIOBase):
        return 0
    buffers = (io.BufferedWriter, io.BufferedRandom, io.BufferedRWPair)
    return 3 if isinstance(file, io.FileIO) else 2 if isinstance(file, buffers) else 1


def _is_written(file: Any) -> bool:
    if type(file).__module__.startswith("rtd.") or file in (sys.__stdin__, sys.stdin):
        return False
    with suppress(Exception):
        return not file.closed and bool(file.writable())
    return False


_STEPS: Final = (
    ("threads", _join_threads),
    ("exit functions", atexit._run_exitfuncs),
    ("child processes", _end_children),
    ("logging", _end_logging),
    ("open files", _end_objects),
)
