"""Commands that read which runs there are, and where, without reading what is in all records.

A record may hold megabytes, and a list of runs is long: what a client asks for is read in parts.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from rtd.store.commands.reads import groups
from rtd.store.connection.command import RedisCommand, as_is


class WaitingPlace(NamedTuple):
    """A `WaitingRun` without its record."""

    id: str
    where: Literal["queue", "delayed", "held"]
    place_item: str


class LeasedPlace(NamedTuple):
    """A `RunLease` without its record; `place_item` is where the run goes if it is given back."""

    exec: str
    id: str
    place_item: str


def _waiting_places(reply: Sequence[bytes]) -> list[WaitingPlace]:
    return [WaitingPlace(i.decode(), w.decode(), p.decode()) for i, w, p in groups(reply, 3)]


def _leased_places(reply: Sequence[bytes]) -> list[LeasedPlace]:
    return [LeasedPlace(e.decode(), i.decode(), p.decode()) for e, i, p in groups(reply, 3)]


def _ids(reply: Sequence[bytes]) -> list[str]:
    return [run_id.decode() for run_id in reply]


def _state_chars(reply: bytes) -> str:
    return reply.decode("latin-1")


class PlaceCommands:
    """Builds these commands. Mixed into `StoreCommands`."""

    prefix: str

    def get_sized_records(self, ids: Sequence[str], largest_bytes: int) -> RedisCommand:
        """Read the records of some runs: None for each that is not there, and the size in bytes
        of each that is larger than that."""
        return RedisCommand(("1", self.prefix, largest_bytes, *ids), as_is, "sized_records")

    def get_states(self, ids: Sequence[str]) -> RedisCommand:
        """Read the state characters of some runs, in one text.

        `-` for each that is not there, `?` for one whose record does not begin with a letter.
        """
        return RedisCommand(("1", self.prefix, *ids), _state_chars, "states")

    def awaited_key(self, node: str, lane: str) -> str:
        """Return the key of the ids of the runs in a lane that runs of a node wait for."""
        return f"{self.prefix}awaited:{node}:{lane}"

    def add_awaited(self, node: str, lane: str, ids: Sequence[str]) -> RedisCommand:
        """Add runs that a run of a node waits for."""
        return RedisCommand(("SADD", self.awaited_key(node, lane), *ids), as_is)

    def remove_awaited(self, node: str, lane: str, ids: Sequence[str]) -> RedisCommand:
        """Remove runs for which no run of a node waits any more."""
        return RedisCommand(("SREM", self.awaited_key(node, lane), *ids), as_is)

    def forget_awaited(self, node: str, lanes: Sequence[str]) -> RedisCommand:
        """Remove all of a node: none of its runs waits."""
        return RedisCommand(("DEL", *(self.awaited_key(node, lane) for lane in lanes)), as_is)

    def advance(
        self, node: str, lane: str, place: str = "", items: Sequence[str] = ()
    ) -> RedisCommand:
        """Move runs that are waited for to the heads of their lists: these of one place, in this
        order; without items all of the lane."""
        return RedisCommand(("1", self.prefix, node, lane, place, *items), as_is, "advance")

    def lend(self, node: str, lane: str, most: int) -> RedisCommand:
        """Count the runs at the heads of the lists that are waited for, and wake idle executors
        that take only such runs."""
        return RedisCommand(("1", self.prefix, node, lane, most), int, "lend")

    def list_limited(self, task: str) -> RedisCommand:
        """Read the ids of the runs of a task that its limit on concurrency counts now."""
        return RedisCommand(("SMEMBERS", f"{self.prefix}cc:{task}"), _ids)

    def is_record(self, run_id: str) -> RedisCommand:
        """Read whether there is a record of that id."""
        return RedisCommand(("EXISTS", f"{self.prefix}r:{run_id}"), bool)

    def list_waiting(self, limit: int, queue: str = "") -> RedisCommand:
        """Read runs that wait, as `list_queued`, without their records: `WaitingPlace`."""
        args = ("1", self.prefix, limit, queue)
        return RedisCommand(args, _waiting_places, "waiting_places")

    def list_leased(self) -> RedisCommand:
        """Read all leases, as `list_running`, without the records: `LeasedPlace`."""
        return RedisCommand(("1", self.prefix), _leased_places, "leased")

    def list_recent(self, limit: int) -> RedisCommand:
        """Read the ids of the runs with a lease, and of as many that wait and that ended last."""
        return RedisCommand(("1", self.prefix, limit), _ids, "recent")

    def forget_run(self, task: str, run_id: str) -> RedisCommand:
        """Forget a finished run. Gives 1, or 0 when it has not finished or is not there."""
        return RedisCommand(("1", self.prefix, task, run_id), int, "forget_run")

    def list_done_ids(
        self, limit: int, *, task: str | None = None, bad: bool = False, offset: int = 0
    ) -> RedisCommand:
        """Read the ids of the runs of `list_done`, of those whose record is gone, too."""
        name = "bad" if bad else "done" if task is None else f"done:{task}"
        args = ("LRANGE", f"{self.prefix}{name}", offset, offset + limit - 1)
        return RedisCommand(args, _ids)
