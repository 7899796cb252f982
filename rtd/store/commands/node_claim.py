"""Commands for the claim of a daemon on its node name, and for its startup and shutdown."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from rtd.store.commands.run_transitions import RunCommands
from rtd.store.connection.command import RedisCommand, nothing


def _ids(reply: bytes | None) -> list[str]:
    return reply.decode().split(",") if reply else []


def connection_name(exec_id: str) -> str:
    """Return how the connections of an executor are called in Redis."""
    return f"rtd-{exec_id}"


def name_connection(exec_id: str) -> RedisCommand:
    """Give the connection that this is sent on the name of an executor."""
    return RedisCommand(("CLIENT", "SETNAME", connection_name(exec_id)), nothing)


def _names(reply: bytes) -> frozenset[str]:
    return frozenset(_NAME.findall(reply.decode(errors="replace")))


#: Reads the names of all connections.
CONNECTED_NAMES: Final = RedisCommand(("CLIENT", "LIST"), _names)
_NAME: Final = re.compile(r" name=(\S+)")


class NodeCommands(RunCommands):
    """Builds the commands about daemons. Mixed into `StoreCommands`."""

    def claim(self, node: str, before: bytes, after: bytes, ttl_ms: int) -> RedisCommand:
        """Replace the claim on a node, if it is `before` (empty: there is none) until now.

        Gives the claim that stands there then: `after` when it was replaced, else the one found.
        An empty `after` removes the claim. A claim vanishes by itself after `ttl_ms`.
        """
        return self._script("claim", node, before, after, ttl_ms, parse=bytes)

    def probe_writes(self) -> RedisCommand:
        """Write something that goes by itself: Redis refuses it as long as it takes no writes."""
        return RedisCommand(("SET", f"{self.prefix}probe", b"", "PX", 1000), nothing)

    def nodes_here(self, nodes: Sequence[str]) -> RedisCommand:
        """Read which of these nodes have a claim."""
        keys = [f"{self.prefix}here:{node}" for node in nodes]

        def parse(reply: Sequence[bytes | None]) -> list[str]:
            return [node for node, claim in zip(nodes, reply, strict=True) if claim is not None]

        return RedisCommand(("MGET", *keys), parse)

    def get_shutdown_runs(self, node: str) -> RedisCommand:
        """Read the ids that `set_shutdown_runs` recorded last."""
        return RedisCommand(("HGET", f"{self.prefix}closing", node), _ids)

    def set_shutdown_runs(self, node: str, ids: Iterable[str]) -> RedisCommand:
        """Record the shutdown runs of a daemon; none: all have ended."""
        text = ",".join(ids)
        if not text:
            return RedisCommand(("HDEL", f"{self.prefix}closing", node))
        return RedisCommand(("HSET", f"{self.prefix}closing", node, text))

    def get_startup(self, node: str) -> RedisCommand:
        """Read the progress that `set_startup` recorded last; None: nothing is left to do."""
        return RedisCommand(("HGET", f"{self.prefix}opening", node))

    def set_startup(self, node: str, blob: bytes) -> RedisCommand:
        """Record how far the startup of a daemon is; empty: it is complete."""
        if not blob:
            return RedisCommand(("HDEL", f"{self.prefix}opening", node))
        return RedisCommand(("HSET", f"{self.prefix}opening", node, blob))

    def get_local_runs(self, node: str) -> RedisCommand:
        """Read what `set_local_runs` recorded last; None: nothing."""
        return RedisCommand(("HGET", f"{self.prefix}local", node))

    def set_local_runs(self, node: str, blob: bytes) -> RedisCommand:
        """Record the runs of the local tasks of a daemon."""
        return RedisCommand(("HSET", f"{self.prefix}local", node, blob))
