"""Signals that end a command as Ctrl-C does: it may still do what it owes."""

from __future__ import annotations

import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType


class SignalInterrupt(KeyboardInterrupt):
    """The process was asked to end, by a signal other than that of Ctrl-C.

    Attributes:
        exit_code: as a shell reports the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_code = 128 + number


def raise_on_end() -> None:
    """Raise `SignalInterrupt` in the main thread at a SIGTERM or SIGHUP that is not ignored."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # as nohup sets it
            signal.signal(number, _raise)


def _raise(number: int, _frame: FrameType | None) -> None:
    raise SignalInterrupt(number)
