"""The handlers, the mask and the timers of a process."""

import sys
from typing import Any, Final

from rtd.common.stdlib.originals import signal
from rtd.process.traits.trait import Trait

__all__ = ["SIGNAL_TRAITS"]

_NUMBERS: Final = [
    int(number) for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
]
_TIMERS: Final = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
#: The C functions: those of `signal` spend microseconds on making enum members.
_c: Final = getattr(signal, "_signal", signal)


def _handlers() -> list[Any]:
    get = _c.getsignal
    return [get(number) for number in _NUMBERS]


def _set_handlers(were: list[Any]) -> None:
    for number, handler in zip(_NUMBERS, were, strict=True):
        if _c.getsignal(number) != handler:
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def _mask() -> frozenset[int]:
    return frozenset(_c.pthread_sigmask(signal.SIG_BLOCK, ()))


def _set_mask(were: frozenset[int]) -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, were)


def _timers() -> list[bool]:
    watchdog = sys.modules.get("faulthandler")
    if watchdog is not None:  # its own timer cannot be read, and ends the process
        watchdog.cancel_dump_traceback_later()
    get = signal.getitimer
    return [get(kind)[0] != 0 for kind in _TIMERS]


def _stop_timers(were: list[bool]) -> None:
    for kind, was_set in zip(_TIMERS, were, strict=True):
        if not was_set:
            signal.setitimer(kind, 0)


#: The timers come first: an alarm must not meet what follows.
SIGNAL_TRAITS: Final = (
    Trait("timers", _timers, _stop_timers),
    Trait("signal handlers", _handlers, _set_handlers),
    Trait("blocked signals", _mask, _set_mask),
)
