"""How long a caller waits for answers. Imported by every `rtctl`: it stays cheap."""

from __future__ import annotations

from math import ceil
from time import monotonic

#: How long the daemon itself may take for the answer at the end of a wait.
GRACE_S = 1.0
#: How long a ping waits: a monitor needs an answer within seconds.
PING_S = 5.0
#: A limit of zero would mean for ever to the kernel.
_LEAST_S = 0.001
#: Python takes no limits of some centuries for a socket; these are as good as none.
ENDLESS_S = 1e9


class Deadline:
    """The moment at which a caller gives up.

    Args:
        limit_s: the limit that the caller knows of.
        grace_s: how much later it gives up, so that an answer that comes at the limit counts.

    Attributes:
        limit_s: as above.
    """

    __slots__ = ("_at", "limit_s")

    def __init__(self, limit_s: float, grace_s: float = 0.0) -> None:
        self.limit_s = limit_s
        self._at = monotonic() + max(limit_s, 0.0) + grace_s

    @property
    def left_s(self) -> float:
        """The seconds that are left, for a socket; never zero."""
        return max(self._at - monotonic(), _LEAST_S)

    @property
    def is_over(self) -> bool:
        """Whether it has passed."""
        return monotonic() >= self._at


def deadline_of(limit_s: float | None, grace_s: float = 0.0) -> Deadline | None:
    """Return the deadline of a limit. None: the limit is None, or centuries away."""
    if limit_s is None or not limit_s < ENDLESS_S:  # also NaN, which the daemon refuses
        return None
    return Deadline(limit_s, grace_s)


def left_of(limit_s: float | None, began: float) -> float | None:
    """Return what is left of a limit that counts from `began`, a moment of `monotonic`.

    It is a multiple of 0.1 s, so that "not after 3 s" in an error does not become 2.998 s.
    """
    if limit_s is None or not limit_s < ENDLESS_S:
        return limit_s
    return min(limit_s, ceil(max(began + limit_s - monotonic(), 0.0) * 10) / 10)
