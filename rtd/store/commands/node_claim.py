"""Which daemon serves a node name: a word in Redis that its owner renews while it lives."""

from collections.abc import Iterable

from rtd.store.commands.run_transitions import Transitions
from rtd.store.connection.command import Call


def _ids(reply: bytes | None) -> list[str]:
    return reply.decode().split(",") if reply else []


class Presence(Transitions):
    """Calls about the daemons of a namespace."""

    def claim(self, node: str, before: bytes, after: bytes, ttl_ms: int) -> Call:
        """Replaces the word for a node, if it is `before` (empty: there is none) until now.

        Gives what stands there then: `after` when it was replaced, else what was found.
        An empty `after` takes the word away. It vanishes by itself after `ttl_ms`.
        """
        return self._script("claim", node, before, after, ttl_ms, parse=bytes)

    def closing(self, node: str) -> Call:
        """The ids of runs that `set_closing` has noted last."""
        return Call(("HGET", f"{self.prefix}closing", node), _ids)

    def set_closing(self, node: str, ids: Iterable[str]) -> Call:
        """Note the runs that a daemon makes at its end; none: all have ended."""
        text = ",".join(ids)
        if not text:
            return Call(("HDEL", f"{self.prefix}closing", node))
        return Call(("HSET", f"{self.prefix}closing", node, text))

    def opening(self, node: str) -> Call:
        """What `set_opening` has noted last; None: nothing is left to do."""
        return Call(("HGET", f"{self.prefix}opening", node))

    def set_opening(self, node: str, blob: bytes) -> Call:
        """Note how far a daemon is on its way to its schedule; empty: it is there."""
        if not blob:
            return Call(("HDEL", f"{self.prefix}opening", node))
        return Call(("HSET", f"{self.prefix}opening", node, blob))
