"""Forks, and the first steps of a child. Only for processes with a single thread."""

import errno
import gc
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from rtd.common.stdlib.originals import os, signal, threading
from rtd.process.events import signals
from rtd.process.fork.daemon_log import follow_log
from rtd.process.fork.fork_guard import FORK_GUARD
from rtd.process.fork.prctl import set_subreaper
from rtd.process.fork.process_title import set_title
from rtd.process.tree.pidfd import signal_child

__all__ = [
    "CRASH_LOG",
    "EXIT_FDS_CLOSED",
    "call_body",
    "fork_child",
    "freeze_heap",
    "lead_session",
    "other_threads",
    "send_to_child",
    "set_up_executor",
]

#: Exit code of a child whose body raised (EX_SOFTWARE of sysexits.h).
EXIT_CRASHED: Final = 70
#: Exit code of a child whose code has closed rtd's own descriptors (EX_OSERR).
EXIT_FDS_CLOSED: Final = 71
_NOT_OURS: Final = (errno.EBADF, errno.ENOTSOCK)


class CrashLog:
    """Where a child's own errors go: never into the output of a run.

    Attributes:
        fd: the daemon's log.
    """

    def __init__(self) -> None:
        self.fd = 2

    def write_error(self) -> None:
        """Write the error that is being handled, with its traceback."""
        text = f"process {os.getpid()} of rtd has failed:\n{traceback.format_exc()}"
        follow_log(self.fd)
        try:
            os.write(self.fd, text.encode(errors="backslashreplace"))
        except OSError:  # closed by the code of a task
            print(text, file=sys.stderr)


CRASH_LOG: Final = CrashLog()


def fork_child(body: Callable[[], int]) -> int:
    """Fork a child that runs `body` and exits with its result. Returns the child's pid.

    The child leaves by `_exit` after flushing the standard streams: it runs no `atexit`
    function and nothing else of the parent. It prints an error that reaches the top as a
    traceback and exits with 70; `SystemExit` counts as in a program. When the child's code has
    closed descriptors of rtd, the error is not rtd's: the exit code is 71.

    Raises:
        OSError: no more processes or memory.
    """
    _flush()
    pid = FORK_GUARD.fork()
    if pid:
        return pid
    code = EXIT_CRASHED
    try:
        code = call_body(body)
    finally:
        _flush()
        os._exit(code & 0xFF)


def set_up_executor(title: str) -> None:
    """Make a forked child an executor: a session of its own, a subreaper, clean signals.

    In its own session no terminal and no group signal of others reaches the child; as a
    subreaper it keeps everything that its runs start, daemonised or not.
    """
    lead_session()
    set_subreaper()
    signals.reset_signals()
    set_title(title)
    gc.enable()


def lead_session() -> None:
    """Leave the terminal and the process group of the parent."""
    with suppress(PermissionError):  # it leads one already
        os.setsid()


def freeze_heap() -> None:
    """Put all objects out of reach of the garbage collector, before forking.

    Without it a collection in a child writes to every object's header, and the kernel copies
    the whole heap (15 to 20 times fewer forks per second were measured).
    """
    gc.collect()
    gc.freeze()


def other_threads() -> list[str]:
    """Return the names of all threads but the main one; `native thread` if Python has none."""
    names = [t.name for t in threading.enumerate() if t is not threading.main_thread()]
    unknown = len(os.listdir("/proc/self/task")) - 1 - len(names)
    return names + ["native thread"] * unknown


def send_to_child(pid: int, signal_number: int = signal.SIGTERM) -> None:
    """Signal a child; nothing happens if it has been reaped, also by other code."""
    signal_child(pid, signal_number)


def call_body(body: Callable[[], int]) -> int:
    """Return the exit code of a process whose work is `body`. Writes an error to the log."""
    try:
        return body()
    except SystemExit as error:
        if error.code is None or isinstance(error.code, int):
            return error.code or 0
        print(error.code, file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno in _NOT_OURS:
            return EXIT_FDS_CLOSED
        CRASH_LOG.write_error()
        return EXIT_CRASHED
    except BaseException:
        CRASH_LOG.write_error()
        return EXIT_CRASHED


def _flush() -> None:
    # Not with `suppress`: it would be three functions more at each fork of lane `fresh`.
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # the app has closed it, or put something else in its place
            continue
