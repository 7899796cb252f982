"""Which daemon serves a node name: a word in Redis that its owner renews while it lives."""

from collections.abc import Iterable

from rtd.store.commands.run_transitions import RunCommands
from rtd.store.connection.command import RedisCommand


def _ids(reply: bytes | None) -> list[str]:
    return reply.decode().split(",") if reply else []


class NodeCommands(RunCommands):
    """Calls about the daemons of a namespace."""

    def claim(self, node: str, before: bytes, after: bytes, ttl_ms: int) -> RedisCommand:
        """Replaces the word for a node, if it is `before` (empty: there is none) until now.

        Gives what stands there then: `after` when it was replaced, else what was found.
        An empty `after` takes the word away. It vanishes by itself after `ttl_ms`.
        """
        return self._script("claim", node, before, after, ttl_ms, parse=bytes)

    def get_shutdown_runs(self, node: str) -> RedisCommand:
        """The ids of runs that `set_closing` has noted last."""
        return RedisCommand(("HGET", f"{self.prefix}closing", node), _ids)

    def set_shutdown_runs(self, node: str, ids: Iterable[str]) -> RedisCommand:
        """Note the runs that a daemon makes at its end; none: all have ended."""
        text = ",".join(ids)
        if not text:
            return RedisCommand(("HDEL", f"{self.prefix}closing", node))
        return RedisCommand(("HSET", f"{self.prefix}closing", node, text))

    def get_startup(self, node: str) -> RedisCommand:
        """What `set_opening` has noted last; None: nothing is left to do."""
        return RedisCommand(("HGET", f"{self.prefix}opening", node))

    def set_startup(self, node: str, blob: bytes) -> RedisCommand:
        """Note how far a daemon is on its way to its schedule; empty: it is there."""
        if not blob:
            return RedisCommand(("HDEL", f"{self.prefix}opening", node))
        return RedisCommand(("HSET", f"{self.prefix}opening", node, blob))
