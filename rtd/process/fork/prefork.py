"""A child that does one piece of work for its parent; it can be forked before there is any."""

import gc
import resource
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from rtd.common.stdlib.originals import os, select, signal
from rtd.process.events.executor_signals import ExecutorSignals
from rtd.process.fork.fork import fork_child
from rtd.process.tree.exit_status import ExitStatus, reap
from rtd.process.tree.pidfd import open_pidfd

__all__ = ["PreforkedChild", "exit_like"]


class PreforkedChild:
    """One child at a time. Only for processes with a single thread.

    A signal handler of the parent may call `terminate` at any time.

    Args:
        signals: of the parent. They end a wait that begins just when one comes; None: it has none.
    """

    def __init__(self, signals: ExecutorSignals | None = None) -> None:
        self._pid = 0
        self._signals = signals
        #: A child that waits for its work, and the pipe through which the work comes.
        self._prepared_pid = 0
        self._work_fd = -1

    def fork(self, body: Callable[[], int]) -> None:
        """Fork a child that leads its own session and exits with the result of `body`.

        Raises:
            OSError: no more processes or memory.
        """

        def alone() -> int:
            self._stand_alone()
            return body()

        self._pid = fork_child(alone)

    def prefork(self, body: Callable[[Callable[[], bytes]], int]) -> bool:
        """Fork ahead of the work.

        Args:
            body: runs in the child. Gets a function that waits for the work and returns it;
                it returns nothing when no work will come.

        Returns False when there is such a child already: there is no second one.

        Raises:
            OSError: no more processes or memory.
        """
        if self._prepared_pid:
            return False
        reader, writer = os.pipe2(os.O_CLOEXEC)

        def waiting() -> int:
            os.close(writer)  # or it would never see that the parent has gone
            self._stand_alone()
            return body(lambda: _read_all(reader))

        try:
            self._prepared_pid = fork_child(waiting)
            self._work_fd = writer
        except OSError:
            os.close(writer)
            raise
        finally:
            os.close(reader)
        return True

    def assign(self, blob: bytes) -> bool:
        """Give the prepared child its work. Returns False when there is none: `fork` one."""
        if not self._prepared_pid:
            return False
        try:
            left = memoryview(blob)
            while left:
                left = left[os.write(self._work_fd, left) :]
        except OSError:  # another process has ended it
            self.kill_prepared()
            return False
        os.close(self._work_fd)
        self._pid, self._prepared_pid, self._work_fd = self._prepared_pid, 0, -1
        return True

    def kill_prepared(self) -> None:
        """End the prepared child, if there is one."""
        if self._prepared_pid:
            os.close(self._work_fd)
            self._kill_prepared()

    def end_prepared(self, limit_s: float) -> None:
        """Let the prepared child see that no work comes; kill it when it takes longer to end."""
        if not self._prepared_pid:
            return
        os.close(self._work_fd)
        pidfd = open_pidfd(self._prepared_pid)
        if pidfd is not None:
            poller = select.poll()  # `select` takes no large descriptor
            poller.register(pidfd, select.POLLIN)
            poller.poll(limit_s * 1000)
            os.close(pidfd)
        self._kill_prepared()

    def _kill_prepared(self) -> None:
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(self._prepared_pid, signal.SIGKILL)
            os.waitpid(self._prepared_pid, 0)
        self._prepared_pid, self._work_fd = 0, -1

    def _stand_alone(self) -> None:
        gc.freeze()  # what there is now is the parent's: no collection, and no end, concerns it
        self._pid = self._prepared_pid = 0
        signal.set_wakeup_fd(-1)  # the pipe behind it is the parent's
        os.setsid()

    def terminate(self) -> None:
        """Send SIGTERM to the child, while there is one."""
        if self._pid:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGTERM)

    def wait(self) -> ExitStatus:
        """Wait until the child has ended, and take its status.

        Raises:
            ChildProcessError: other code, such as a handler of the app, took it first.
        """
        pid = self._pid
        self._wait_for_end(pid)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        # Not before: until it is reaped no other process can have its pid.
        self._pid = 0
        status = reap(pid)
        assert status is not None  # it has ended: the wait said so
        return status

    def _wait_for_end(self, pid: int) -> None:
        """Wait in a way that no signal is lost: one that comes between the last step of Python and
        a `waitid` would have its handler called when that returns."""
        if self._signals is None or (pidfd := open_pidfd(pid)) is None:
            return
        poller = select.poll()  # `select` takes no large descriptor
        poller.register(pidfd, select.POLLIN)
        poller.register(self._signals.wakeup_fd, select.POLLIN)
        while pidfd not in dict(poller.poll()):
            self._signals.drain()
        os.close(pidfd)


def exit_like(status: ExitStatus) -> NoReturn:
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


def _read_all(fd: int) -> bytes:
    pieces = []
    while piece := os.read(fd, 1 << 16):
        pieces.append(piece)
    os.close(fd)
    return b"".join(pieces)
