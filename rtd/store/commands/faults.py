"""What of the app's failed where nothing may stop for it, and whether the schedule is halted."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgpack

from rtd.store.commands.run_transitions import RunCommands
from rtd.store.connection.command import RedisCommand, nothing

_WHAT_CHARS: Final = 300
_MESSAGE_CHARS: Final = 1000


class FaultRecord(NamedTuple):
    """A fault as it is kept: the latest message of those of the same kind and name.

    See `rtd.model.app_info.AppFault` for `kind`, `what` and `message`. `times`: how often it came.
    """

    kind: str
    what: str
    message: str
    first_at: float
    last_at: float
    times: int


class ScheduleHalt(NamedTuple):
    """The fault that halted the schedule."""

    kind: str
    what: str
    message: str
    at: float


class FaultCommands(RunCommands):
    """Calls about faults."""

    def record_fault(
        self, node: str, kind: str, what: str, message: str, at: float, *, halts: bool = False
    ) -> RedisCommand:
        """One more of this kind and name; the first rings `fault|kind|what`.

        At most 200 are kept; of more, the one that has been quiet for longest goes.

        Args:
            at: when, epoch seconds.
            halts: nothing starts by its condition until `lift`; what halts first rings `halt`.

        Gives how often it has come since the last `clear_faults`.
        """
        told = (_plain(what, _WHAT_CHARS), _plain(message, _MESSAGE_CHARS))
        return self._script("fault", node, kind, *told, repr(at), int(halts), parse=int)

    def list_faults(self, node: str) -> RedisCommand:
        """All that are kept of a node's app: `FaultRecord`, the latest first."""
        return RedisCommand(("HVALS", f"{self.prefix}faults:{node}"), _parse_faults)

    def get_fault(self, node: str, field: str) -> RedisCommand:
        """One of them, by `kind|what`: `FaultRecord` or None."""
        return RedisCommand(("HGET", f"{self.prefix}faults:{node}", field), _parse_fault)

    def clear_faults(self, node: str) -> RedisCommand:
        """The app has been imported anew."""
        return RedisCommand(("DEL", f"{self.prefix}faults:{node}"), nothing)

    def get_halt(self) -> RedisCommand:
        """What halted the schedule: `ScheduleHalt`, None when it is not halted."""
        return RedisCommand(("GET", f"{self.prefix}halted"), _halt)

    def clear_halt(self) -> RedisCommand:
        """The schedule is not halted any more; whether it is paused stays as it is."""
        return RedisCommand(("DEL", f"{self.prefix}halted"), nothing)


def _plain(text: str, most: int) -> bytes:
    """On one line, not longer, and without what UTF-8 does not have."""
    line = " ".join(text.encode(errors="backslashreplace").decode().split())
    return (line if len(line) <= most else line[: most - 3] + "...").encode()


def _parse_fault(blob: bytes | None) -> FaultRecord | None:
    if blob is None:
        return None
    kind, what, message, first_at, last_at, times = msgpack.unpackb(blob, unicode_errors="replace")
    return FaultRecord(kind, what, message, float(first_at), float(last_at), int(times))


def _parse_faults(blobs: Sequence[Any]) -> list[FaultRecord]:
    found = [noted for blob in blobs if (noted := _parse_fault(blob)) is not None]
    return sorted(found, key=lambda noted: noted.last_at, reverse=True)


def _halt(blob: bytes | None) -> ScheduleHalt | None:
    if blob is None:
        return None
    kind, what, message, at = msgpack.unpackb(blob, unicode_errors="replace")
    return ScheduleHalt(kind, what, message, float(at))
