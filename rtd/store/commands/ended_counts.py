"""Commands for how many runs have ended on one node since it began to count."""

from collections.abc import Sequence

from rtd.store.commands.reads import groups
from rtd.store.connection.command import RedisCommand

#: A field of its own, so that the key is there before the first run ends.
_BEGUN = b"begun"


def _counts(reply: Sequence[bytes]) -> dict[str, int]:
    return {key.decode(): int(value) for key, value in groups(reply, 2) if key != _BEGUN}


class EndedCountCommands:
    """Builds these commands. Mixed into `StoreCommands`."""

    prefix: str

    def begin_ended_count(self, node: str) -> RedisCommand:
        """Let the runs that end on a node be counted from now on; after `forget_ended_count`."""
        return RedisCommand(("HSET", self._key(node), _BEGUN, 0), int)

    def ended_count(self, node: str) -> RedisCommand:
        """Read how many runs have ended there in each state since then, by state character."""
        return RedisCommand(("HGETALL", self._key(node)), _counts)

    def forget_ended_count(self, node: str) -> RedisCommand:
        """Count them no more."""
        return RedisCommand(("DEL", self._key(node)), int)

    def _key(self, node: str) -> str:
        return f"{self.prefix}counted:{node}"
