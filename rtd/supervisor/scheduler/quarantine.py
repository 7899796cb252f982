"""Custom conditions that hang or end their process: evaluated alone, and less and less often.

So the others keep their turns: each such evaluation costs the lane its whole time limit.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from rtd.supervisor.core.retry import Backoff

#: The first pause, as a multiple of the time limit; each failure in a row doubles it.
FIRST_PAUSE: Final = 2.0
LONGEST_PAUSE: Final = 60.0


class _Pause(NamedTuple):
    backoff: Backoff
    not_before_s: float


class Quarantine:
    """The conditions in quarantine, each with a pause before it is evaluated again.

    Args:
        limit_s: the time that a condition has to answer.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._pauses: dict[str, _Pause] = {}

    def __contains__(self, custom: str) -> bool:
        return custom in self._pauses

    def add(self, custom: str, now_s: float) -> None:
        """Start the next pause of a condition that hung or ended its process."""
        pause = self._pauses.get(custom)
        if pause is None:
            backoff = Backoff(FIRST_PAUSE * self._limit_s, LONGEST_PAUSE * self._limit_s)
        else:
            backoff = pause.backoff
        self._pauses[custom] = _Pause(backoff, now_s + backoff.next_s())

    def release(self, custom: str) -> None:
        """Forget a condition that has answered, or raised an error as any other may."""
        self._pauses.pop(custom, None)

    def due(self, customs: Iterable[str], now_s: float) -> list[str]:
        """Return those of these conditions whose pause is over, the longest over first."""
        pauses = self._pauses
        over = [c for c in customs if c in pauses and pauses[c].not_before_s <= now_s]
        return sorted(over, key=lambda custom: pauses[custom].not_before_s)

    def next_s(self, customs: Iterable[str]) -> float | None:
        """Return when the first pause of these conditions ends; None: none has one."""
        pauses = self._pauses
        return min((pauses[c].not_before_s for c in customs if c in pauses), default=None)
