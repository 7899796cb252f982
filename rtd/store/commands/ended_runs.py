"""Commands for what has ended on one node: the outcomes that middleware must still hear of, how
many runs have ended since the node began to count, and those that its log has not named.

The scripts that end runs add an entry for each attempt that rtd itself has ended, if the node's app
has middleware. An entry stays until it has been delivered, over restarts too.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from rtd.store.commands.reads import groups
from rtd.store.connection.command import RedisCommand, nothing

_ID_CHARS = 26


#: A field of its own, so that the key is there before the first run ends.
_BEGUN = b"begun"


def _counts(reply: Sequence[bytes]) -> dict[str, int]:
    return {key.decode(): int(value) for key, value in groups(reply, 2) if key != _BEGUN}


class UndeliveredOutcome(NamedTuple):
    """An entry: the run, and its record after the attempt; empty: read it, it was too long."""

    number: int
    run_id: str
    record: bytes


def _parse(reply: Sequence[bytes]) -> list[UndeliveredOutcome]:
    found = []
    for entry in reply:
        number, _, rest = entry.partition(b"|")
        found.append(UndeliveredOutcome(int(number), rest[:_ID_CHARS].decode(), rest[_ID_CHARS:]))
    return found


class UnloggedEnds(NamedTuple):
    """Runs that ended without success: how many in each state (its character), and first ids."""

    counts: dict[str, int]
    ids: list[str]


def _unlogged(reply: Sequence[Sequence[bytes]]) -> UnloggedEnds:
    counts, ids = reply
    return UnloggedEnds(_counts(counts), [run_id.decode() for run_id in ids])


class EndedRunCommands:
    """Builds these commands. Mixed into `StoreCommands`."""

    prefix: str

    def watch_outcomes(self, node: str, on: bool) -> RedisCommand:
        """Add entries for a node's app from now on, or no more."""
        return RedisCommand(
            ("SADD" if on else "SREM", f"{self.prefix}outcomes:nodes", node), nothing
        )

    def list_undelivered(self, node: str, count: int) -> RedisCommand:
        """Read the first entries: `UndeliveredOutcome`."""
        return RedisCommand(("LRANGE", f"{self.prefix}outcomes:list:{node}", 0, count - 1), _parse)

    def is_undelivered(self, run_id: str) -> RedisCommand:
        """Read whether an entry of that run is there."""
        return RedisCommand(("HEXISTS", f"{self.prefix}outcomes:open", run_id), bool)

    def forget_delivered(self, node: str, up_to: int) -> RedisCommand:
        """Forget the entries up to a number. Gives how many were lost since the last call."""
        args: tuple[Any, ...] = ("1", self.prefix, node, up_to)
        return RedisCommand(args, int, "delivered")

    def take_unlogged(self, node: str) -> RedisCommand:
        """Take the runs that have ended without success since the last call: `UnloggedEnds`."""
        return RedisCommand(("1", self.prefix, node), _unlogged, "unlogged")

    def begin_ended_count(self, node: str) -> RedisCommand:
        """Let the runs that end on a node be counted from now on; after `forget_ended_count`."""
        return RedisCommand(("HSET", self._count_key(node), _BEGUN, 0), int)

    def ended_count(self, node: str) -> RedisCommand:
        """Read how many runs have ended there in each state since then, by state character."""
        return RedisCommand(("HGETALL", self._count_key(node)), _counts)

    def forget_ended_count(self, node: str) -> RedisCommand:
        """Count them no more."""
        return RedisCommand(("DEL", self._count_key(node)), int)

    def _count_key(self, node: str) -> str:
        return f"{self.prefix}counted:{node}"
