"""Commands for what code of the app reports: faults, one of which may halt the schedule, and events
of its tasks."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgpack

from rtd.common.text_of import text_of
from rtd.store.commands.replies import parse_text
from rtd.store.commands.run_transitions import RunCommands
from rtd.store.commands.stored_records import UNREADABLE
from rtd.store.connection.command import RedisCommand, nothing

_WHAT_CHARS: Final = 300
_MESSAGE_CHARS: Final = 1000


class FaultRecord(NamedTuple):
    """A fault as Redis keeps it: the latest message of those of the same kind and name.

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


class AppReportCommands(RunCommands):
    """Builds the commands about faults. Mixed into `StoreCommands`."""

    def record_fault(
        self, node: str, kind: str, what: str, message: str, at: float, *, halts: bool = False
    ) -> RedisCommand:
        """Record a fault; the first of its kind and name rings `fault|kind|what`.

        Redis keeps at most 200; of more, the one that came last the longest ago goes.

        Args:
            at: when, epoch seconds.
            halts: nothing starts by its condition until `clear_halt`; the first fault that halts
                rings `halt`.

        Gives how often it has come since the last `clear_faults`.
        """
        texts = (_plain(what, _WHAT_CHARS), _plain(message, _MESSAGE_CHARS))
        return self._script("fault", node, kind, *texts, repr(at), int(halts), parse=int)

    def list_faults(self, node: str) -> RedisCommand:
        """Read the faults of a node's app: `FaultRecord`, the latest first."""
        return RedisCommand(("HVALS", f"{self.prefix}faults:{node}"), _parse_faults)

    def get_fault(self, node: str, field: str) -> RedisCommand:
        """Read one fault, by `kind|what`: `FaultRecord` or None."""
        return RedisCommand(("HGET", f"{self.prefix}faults:{node}", field), _parse_fault)

    def clear_faults(self, node: str) -> RedisCommand:
        """Forget the faults: the app has been imported again."""
        return RedisCommand(("DEL", f"{self.prefix}faults:{node}"), nothing)

    def forget_fault(self, node: str, kind: str, what: str) -> RedisCommand:
        """Forget one fault: what it says is over."""
        field = f"{kind}|".encode() + _plain(what, _WHAT_CHARS)
        return RedisCommand(("HDEL", f"{self.prefix}faults:{node}", field), nothing)

    def get_halt(self) -> RedisCommand:
        """Read the fault that halted the schedule: `ScheduleHalt`, None when it is not halted."""
        return RedisCommand(("GET", f"{self.prefix}halted"), _halt)

    def clear_halt(self) -> RedisCommand:
        """End the halt of the schedule; whether it is paused stays as it is."""
        return RedisCommand(("DEL", f"{self.prefix}halted"), nothing)

    def channel_patterns(self) -> list[str]:
        """Return the patterns of the channels: of runs, and of tasks."""
        return [f"{self.prefix}run:*", f"{self.prefix}task:*"]

    def publish_event(self, node: str, run_id: str, task: str, event: bytes) -> RedisCommand:
        """Keep an event of a task, about 10,000 of them, and publish it in the channels of its run
        and of its task. Gives its place in the stream.

        Args:
            event: a JSON object; subscribers get it with its `id`.
        """
        return self._script("publish_event", node, run_id, task, event, parse=parse_text)


def _plain(text: str, most: int) -> bytes:
    """Return the text as one line of UTF-8, cut to `most` characters."""
    line = " ".join(text.encode(errors="backslashreplace").decode().split())
    return (line if len(line) <= most else line[: most - 3] + "...").encode()


def _parse_fault(blob: bytes | None) -> FaultRecord | None:
    """Read a fault; None for one that another program has written."""
    if blob is None:
        return None
    try:
        kind, what, message, first_at, last_at, times = _unpack(blob)[:6]
        texts = text_of(kind), text_of(what), text_of(message)
        return FaultRecord(*texts, float(first_at), float(last_at), int(times))
    except UNREADABLE:
        return None


def _unpack(blob: bytes) -> list[Any]:
    fields: list[Any] = msgpack.unpackb(blob, unicode_errors="replace")
    return fields


def _parse_faults(blobs: Sequence[Any]) -> list[FaultRecord]:
    found = [fault for blob in blobs if (fault := _parse_fault(blob)) is not None]
    return sorted(found, key=lambda fault: fault.last_at, reverse=True)


def _halt(blob: bytes | None) -> ScheduleHalt | None:
    if blob is None:
        return None
    try:
        kind, what, message, at = _unpack(blob)[:4]
        return ScheduleHalt(text_of(kind), text_of(what), text_of(message), float(at))
    except UNREADABLE:  # another program has written it: it halts all the same
        return ScheduleHalt("?", "?", "the reason in Redis cannot be read", 0.0)
