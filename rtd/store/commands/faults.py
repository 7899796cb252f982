"""What of the app's failed where nothing may stop for it, and whether the schedule is halted."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgpack

from rtd.store.commands.run_transitions import Transitions
from rtd.store.connection.command import Call, nothing

_WHAT_CHARS: Final = 300
_MESSAGE_CHARS: Final = 1000


class Noted(NamedTuple):
    """A fault as it is kept: the latest message of those of the same kind and name.

    See `model.appinfo.Fault` for `kind`, `what` and `message`; `times` is how often it came.
    """

    kind: str
    what: str
    message: str
    first_at: float
    last_at: float
    times: int


class Halt(NamedTuple):
    """The fault that halted the schedule."""

    kind: str
    what: str
    message: str
    at: float


class Faults(Transitions):
    """Calls about faults."""

    def note_fault(
        self, node: str, kind: str, what: str, message: str, at: float, *, halts: bool = False
    ) -> Call:
        """One more of this kind and name; the first rings `fault|kind|what`.

        At most 200 are kept; of more, the one that has been quiet for longest goes.

        Args:
            at: when, epoch seconds.
            halts: nothing starts by its condition until `lift`; what halts first rings `halt`.

        Gives how often it has come since the last `clear_faults`.
        """
        told = (_plain(what, _WHAT_CHARS), _plain(message, _MESSAGE_CHARS))
        return self._script("fault", node, kind, *told, repr(at), int(halts), parse=int)

    def faults(self, node: str) -> Call:
        """All that are kept of a node's app: `Noted`, the latest first."""
        return Call(("HVALS", f"{self.prefix}faults:{node}"), _all_noted)

    def fault(self, node: str, field: str) -> Call:
        """One of them, by `kind|what`: `Noted` or None."""
        return Call(("HGET", f"{self.prefix}faults:{node}", field), _noted)

    def clear_faults(self, node: str) -> Call:
        """The app has been imported anew."""
        return Call(("DEL", f"{self.prefix}faults:{node}"), nothing)

    def halt(self) -> Call:
        """What halted the schedule: `Halt`, None when it is not halted."""
        return Call(("GET", f"{self.prefix}halted"), _halt)

    def clear_halt(self) -> Call:
        """The schedule is not halted any more; whether it is paused stays as it is."""
        return Call(("DEL", f"{self.prefix}halted"), nothing)


def _plain(text: str, most: int) -> bytes:
    """On one line, not longer, and without what UTF-8 does not have."""
    line = " ".join(text.encode(errors="backslashreplace").decode().split())
    return (line if len(line) <= most else line[: most - 3] + "...").encode()


def _noted(blob: bytes | None) -> Noted | None:
    if blob is None:
        return None
    kind, what, message, first_at, last_at, times = msgpack.unpackb(blob, unicode_errors="replace")
    return Noted(kind, what, message, float(first_at), float(last_at), int(times))


def _all_noted(blobs: Sequence[Any]) -> list[Noted]:
    found = [noted for blob in blobs if (noted := _noted(blob)) is not None]
    return sorted(found, key=lambda noted: noted.last_at, reverse=True)


def _halt(blob: bytes | None) -> Halt | None:
    if blob is None:
        return None
    kind, what, message, at = msgpack.unpackb(blob, unicode_errors="replace")
    return Halt(kind, what, message, float(at))
