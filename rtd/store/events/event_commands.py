"""Commands that read the two streams of events: those of rtd (`events`), and those that tasks emit
(`user_events`)."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from rtd.store.connection.command import RedisCommand, check_batch, nothing

#: An entry: its id and its blob.
StreamEntry = tuple[str, bytes]
#: The keys of both, without their prefix: of rtd, and of tasks.
_STREAMS: Final = ["events", "user_events"]
_GONE: Final = 1
_GONE_IF_IT_WAS_THERE: Final = 2


class StreamPlace(NamedTuple):
    """A place in a stream.

    `id` is that of the last entry that was read, `taken` how many of its events if there are more,
    else 0. `was_there`: there has been an entry of this id. `from_start`: the reader wants what
    there is, not what comes after an entry that it knows.
    """

    id: str
    taken: int = 0
    was_there: bool = False
    from_start: bool = False

    @property
    def begin(self) -> str:
        """Where the next entries begin, as XRANGE takes it."""
        return self.id if self.taken else f"({self.id}"


class EventPage(NamedTuple):
    """Entries of both streams.

    `before`: per stream the id of the entry at the place or before it, "" if none is left; `gap`:
    some behind the places are gone.
    """

    own: list[StreamEntry]
    users: list[StreamEntry]
    before: tuple[str, str] = ("", "")
    gap: bool = False


class RunStart(NamedTuple):
    """A run that goes on. `at`: when it began, epoch seconds; `record_bytes`: of its record."""

    exec: str
    id: str
    task: str
    attempt: int
    at: float
    record_bytes: int


def _entries(reply: Sequence[Any]) -> list[StreamEntry]:
    return [(entry.decode(), fields[1]) for entry, fields in reply]


def _newest(reply: Sequence[Any]) -> EventPage:
    own, users = reply
    return EventPage(_entries(own)[::-1], _entries(users)[::-1])


def _grown(reply: Sequence[Any] | None) -> dict[str, str]:
    return {key.decode(): entries[-1][0].decode() for key, entries in reply or []}


class EventCommands:
    """Builds the commands that read events. Mixed into `StoreCommands`."""

    prefix: str

    def read_events(self, own: StreamPlace, users: StreamPlace, limit: int) -> RedisCommand:
        """Read an `EventPage`: at most `limit` entries of each stream behind a place in it."""
        places = (own, users)

        def page(reply: Sequence[Any]) -> EventPage:
            gap = any(
                (gone == _GONE and not place.from_start)
                or (gone == _GONE_IF_IT_WAS_THERE and place.was_there)
                for gone, place in zip(reply[2::3], places, strict=True)
            )
            before = reply[1].decode(), reply[4].decode()
            return EventPage(_entries(reply[0]), _entries(reply[3]), before, gap)

        flat = [word for place in places for word in (place.begin, place.id)]
        return RedisCommand(("1", self.prefix, limit, *flat), page, "read_events")

    def newest_events(self, limit: int) -> RedisCommand:
        """Read an `EventPage`: the newest entries, at most `limit` of each stream."""
        return RedisCommand(("1", self.prefix, limit), _newest, "newest_events")

    def has_event(self, entry: str) -> list[RedisCommand]:
        """Read whether each stream has an entry of this id."""
        return [
            RedisCommand(("XRANGE", f"{self.prefix}{name}", entry, entry), bool)
            for name in _STREAMS
        ]

    def wait_both(self, own: str, users: str, block_ms: int) -> RedisCommand:
        """Read the id of the newest entry, by key, of each stream that has grown; wait up to
        `block_ms` until one has. Blocks its connection."""
        keys = [f"{self.prefix}{name}" for name in _STREAMS]
        return RedisCommand(("XREAD", "BLOCK", block_ms, "STREAMS", *keys, own, users), _grown)

    def follow(self, node: str) -> RedisCommand:
        """Say that a client of this node follows the events, for the next 90 s."""
        return RedisCommand(("1", self.prefix, node), nothing, "follow")

    def is_listened(self) -> RedisCommand:
        """Read whether a client follows the events, or something may subscribe to the channels."""
        return RedisCommand(("1", self.prefix), bool, "is_listened")

    def listen_again(self) -> RedisCommand:
        """Let the next run that begins ring `listen|`, if that is wanted."""
        return RedisCommand(("DEL", f"{self.prefix}listening"), nothing)

    def tell_started(self, node: str, runs: Sequence[RunStart]) -> RedisCommand:
        """Add events for runs that have begun, each once and before its end. Gives how many."""
        check_batch(len(runs))
        flat = [repr(field) if isinstance(field, float) else field for run in runs for field in run]
        return RedisCommand(("1", self.prefix, node, *flat), int, "tell_started")
