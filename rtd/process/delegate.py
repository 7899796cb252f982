"""A child that does one piece of work for its parent, and takes the parent with it if it dies."""

import os
import resource
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from rtd.process.forking import fork_child
from rtd.process.status import Exit, reap

__all__ = ["Delegate", "end_like"]


class Delegate:
    """One child at a time. Only for processes with a single thread.

    A signal handler of the parent may call `terminate` at any time.
    """

    def __init__(self) -> None:
        self._pid = 0

    def start(self, body: Callable[[], int]) -> None:
        """Fork; the child leads a session of its own and exits with what `body` returns.

        Raises:
            OSError: no more processes or memory.
        """

        def alone() -> int:
            self._pid = 0
            signal.set_wakeup_fd(-1)  # the pipe behind it is the parent's
            os.setsid()
            return body()

        self._pid = fork_child(alone)

    def terminate(self) -> None:
        """SIGTERM for the child, while there is one."""
        if self._pid:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGTERM)

    def wait(self) -> Exit:
        """Wait until the child has ended, and take its status. Raises ChildProcessError when
        somebody else, such as the app's own handler, took it first."""
        pid = self._pid
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        # Not before: until it is reaped nobody else can have its pid.
        self._pid = 0
        status = reap(pid)
        assert status is not None  # it has ended: the wait said so
        return status


def end_like(status: Exit) -> NoReturn:
    """End this process as a child of it has ended: by the same signal or with the same code."""
    if status.signal is not None:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the child has left one, if any
        with suppress(OSError, ValueError):  # SIGKILL has no handler
            signal.signal(status.signal, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [status.signal])
        os.kill(os.getpid(), status.signal)
        os._exit(128 + status.signal)  # not reached: all that kill a child kill its parent
    os._exit(status.code or 0)
