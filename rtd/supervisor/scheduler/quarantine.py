"""Custom conditions that hang or end their process: asked alone, and less and less often.

So that the others keep their turns: each such asking costs the lane its whole time limit.
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
    """What is known of them.

    Args:
        limit_s: the time that a condition has to answer.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._by_text: dict[str, _Pause] = {}

    def __contains__(self, text: str) -> bool:
        return text in self._by_text

    def add(self, text: str, now_s: float) -> None:
        """It has hung or ended its process."""
        known = self._by_text.get(text)
        if known is None:
            backoff = Backoff(FIRST_PAUSE * self._limit_s, LONGEST_PAUSE * self._limit_s)
        else:
            backoff = known.backoff
        self._by_text[text] = _Pause(backoff, now_s + backoff.next_s())

    def release(self, text: str) -> None:
        """It has answered, or raised as any other may."""
        self._by_text.pop(text, None)

    def due(self, texts: Iterable[str], now_s: float) -> list[str]:
        """Those of these texts whose pause is over, the longest over first."""
        known = self._by_text
        over = [text for text in texts if text in known and known[text].not_before_s <= now_s]
        return sorted(over, key=lambda text: known[text].not_before_s)

    def next_s(self, texts: Iterable[str]) -> float | None:
        """When the first of these may be asked again; None: there is none among them."""
        known = self._by_text
        return min((known[text].not_before_s for text in texts if text in known), default=None)
