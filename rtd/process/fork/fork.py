"""Forks, and what a child does first. Only for processes with a single thread."""

import errno
import gc
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from rtd.process.events import signals
from rtd.process.fork.prctl import set_subreaper
from rtd.process.fork.process_title import set_title

__all__ = [
    "EXIT_FDS_CLOSED",
    "fork_child",
    "freeze_heap",
    "lead_session",
    "other_threads",
    "send_to_child",
    "set_up_executor",
]

#: What a child exits with when its body raised (EX_SOFTWARE of sysexits.h).
EXIT_CRASHED: Final = 70
#: What it exits with when rtd's own descriptors were closed beneath it (EX_OSERR).
EXIT_FDS_CLOSED: Final = 71
_NOT_OURS: Final = (errno.EBADF, errno.ENOTSOCK)


def fork_child(body: Callable[[], int]) -> int:
    """Fork; the child runs `body` and exits with what it returns. Answers the child's pid.

    The child leaves by `_exit` after flushing the standard streams: neither `atexit` nor
    anything of the parent's runs in it. An error that reaches the top is printed as a
    traceback and the exit code is 70; `SystemExit` counts as in a program. An error that comes
    of descriptors that the child's own code had opened and somebody has closed is none of ours:
    the exit code is 71.

    Raises:
        OSError: no more processes or memory.
    """
    _flush()
    pid = os.fork()
    if pid:
        return pid
    code = EXIT_CRASHED
    try:
        code = _run(body)
    finally:
        _flush()
        os._exit(code & 0xFF)


def set_up_executor(title: str) -> None:
    """Make a forked child an executor: a session of its own, a subreaper, clean signals.

    In its own session no terminal and no group signal of others reaches it; as a subreaper
    it keeps everything that its runs start, daemonised or not.
    """
    lead_session()
    set_subreaper()
    signals.reset_signals()
    set_title(title)
    gc.enable()


def lead_session() -> None:
    """Leave the terminal and the group of whoever started this process."""
    with suppress(PermissionError):  # it leads one already
        os.setsid()


def freeze_heap() -> None:
    """Before forking: put all objects out of the collector's reach.

    Without it a collection in a child writes to every object's header, and the kernel copies
    the whole heap (15 to 20 times fewer forks per second were measured).
    """
    gc.collect()
    gc.freeze()


def other_threads() -> list[str]:
    """The names of all threads but the main one; `native thread` for those unknown to Python."""
    names = [t.name for t in threading.enumerate() if t is not threading.main_thread()]
    unknown = len(os.listdir("/proc/self/task")) - 1 - len(names)
    return names + ["native thread"] * unknown


def send_to_child(pid: int, signal_number: int = signal.SIGTERM) -> None:
    """Signal a child that has not been reaped: its pid cannot be anybody else's."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal_number)


def _run(body: Callable[[], int]) -> int:
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
        traceback.print_exc()
        return EXIT_CRASHED
    except BaseException:
        traceback.print_exc()
        return EXIT_CRASHED


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
