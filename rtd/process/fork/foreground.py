"""A child that stands for this process in the foreground, and a child that ends with its parent.

A program that starts the daemon waits for it here: it passes its signals on to the daemon, and
neither outlives the other.
"""

from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any, Final

from rtd.common.stdlib.originals import os, signal, subprocess, threading
from rtd.process.fork.prctl import set_parent_death_signal

__all__ = ["end_with_parent", "run_in_foreground"]

#: Signals that are passed on: end in order, end now, read the app again.
_PASSED: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_in_foreground(command: Sequence[str], env: Mapping[str, str] | None = None) -> int:
    """Run a program and wait for its end; SIGINT, SIGTERM and SIGHUP go on to it.

    The program has a process group of its own, so that a Ctrl-C on the terminal reaches it
    once: through here. In another thread than the main one signals stay with the main thread.

    Returns:
        The exit code; 128 + the number of the signal that ended the program.

    Raises:
        OSError: the program cannot be started.
    """
    passing = _SignalForwarder()
    passing.begin()
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=env, process_group=0)
        passing.set_child(child)
        code = child.wait()
    finally:
        passing.end()
    return 128 - code if code < 0 else code


class _SignalForwarder:
    """Passes signals on to a child; keeps those that come before there is a child."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []
        self._before: dict[int, Any] = {}

    def begin(self) -> None:
        """Take the signals over, as far as this thread may."""
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._on) for number in _PASSED}

    def set_child(self, child: subprocess.Popen[bytes]) -> None:
        """Pass signals on to this child from now on."""
        self._child = child
        while self._early:
            child.send_signal(self._early.pop(0))

    def end(self) -> None:
        """Restore the earlier handlers of the signals."""
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def _on(self, number: int, _frame: FrameType | None) -> None:
        if self._child is None:
            self._early.append(number)
        else:
            self._child.send_signal(number)


def end_with_parent(parent: int) -> bool:
    """Get SIGTERM when the parent of this process ends, however it does.

    Args:
        parent: the pid of the process that started this one.

    Returns:
        False when the parent has ended already.

    Raises:
        OSError: the kernel refused.
    """
    set_parent_death_signal(signal.SIGTERM)
    return os.getppid() == parent
