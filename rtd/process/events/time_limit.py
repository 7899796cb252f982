"""A time limit for code of an app that runs in the main thread."""

from collections.abc import Callable
from types import FrameType, TracebackType

from rtd.common.stdlib.originals import signal


class TimeLimit:
    """Calls a function in the main thread, between two steps of Python, when the code in its
    `with` block takes too long; and again and again while that goes on.

    Uses SIGALRM, which has its handler again afterwards.

    Args:
        limit_s: how long the code may take.
        again_s: the time between two calls.
        on_late: called then; may raise.
    """

    def __init__(self, limit_s: float, again_s: float, on_late: Callable[[], None]) -> None:
        self.limit_s = limit_s
        self._again_s = again_s
        self._on_late = on_late

    def _late(self, _number: int, _frame: FrameType | None) -> None:
        self._on_late()

    def __enter__(self) -> "TimeLimit":
        self._handler = signal.signal(signal.SIGALRM, self._late)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
        self.set(self.limit_s)
        return self

    def set(self, limit_s: float) -> None:
        """Let the code take so long from now on."""
        self.limit_s = limit_s
        signal.setitimer(signal.ITIMER_REAL, limit_s, self._again_s)

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._handler)
