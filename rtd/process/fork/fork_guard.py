"""Tells a fork that a task made from the executor itself.

A task may fork and let the child return from its function. That child must not go on as a
second executor on the same connection: it ends where the task's code ends. Until then it is a plain
program: what rtd has set up in the executor for itself is taken away in it.
"""

from collections.abc import Callable
from typing import Final

from rtd.common.stdlib.originals import os, signal, threading

#: The C function: that of `signal` spends microseconds on making enum members.
_sigmask: Final = getattr(signal, "_signal", signal).pthread_sigmask


class ForkGuard:
    """A flag that every fork of this process sets in the child; costs nothing to read.

    Attributes:
        is_child: this process is a fork of an executor, made by the code of a task.
        before: called before such a fork, in the thread that forks.
        in_child: called in such a fork at once, however the task forks.
    """

    def __init__(self) -> None:
        self.is_child = False
        self.before: list[Callable[[], None]] = []
        self.in_child: list[Callable[[], None]] = []
        #: The thread that forks for rtd itself.
        self._own_thread = 0
        #: The signal masks of the threads that fork, by thread.
        self._masks: dict[int, set[int]] = {}
        os.register_at_fork(
            before=self._block_signals,
            after_in_parent=self._unblock_signals,
            after_in_child=self._mark,
        )

    def _block_signals(self) -> None:
        """Let a signal for the child wait until the executor's handlers are gone in it."""
        thread = threading.get_ident()
        if self.in_child and self._own_thread != thread:
            for step in self.before:
                step()
            self._masks[thread] = _sigmask(signal.SIG_BLOCK, signal.valid_signals())

    def _unblock_signals(self) -> None:
        mask = self._masks.pop(threading.get_ident(), None)
        if mask is not None:
            _sigmask(signal.SIG_SETMASK, mask)

    def _mark(self) -> None:
        if self._own_thread == threading.get_ident():
            self._own_thread = 0
            return
        self.is_child = True
        for step in self.in_child:
            step()
        self._unblock_signals()

    def fork(self) -> int:
        """Fork for rtd: the child is no child of a task. Raises OSError."""
        self._own_thread = threading.get_ident()
        try:
            return os.fork()
        finally:
            self._own_thread = 0


FORK_GUARD: Final = ForkGuard()


def exit_child(failed: bool) -> None:
    """End a child of the task at once, without the steps at the end of an executor."""
    os._exit(1 if failed else 0)
