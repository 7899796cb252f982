"""Which daemon serves a node name: a word in Redis that its owner renews while it lives."""

from rtd.store.call import Call
from rtd.store.transitions import Transitions


class Presence(Transitions):
    """Calls about the daemons of a namespace."""

    def claim(self, node: str, before: bytes, after: bytes, ttl_ms: int) -> Call:
        """Replaces the word for a node, if it is `before` (empty: there is none) until now.

        Gives what stands there then: `after` when it was replaced, else what was found.
        An empty `after` takes the word away. It vanishes by itself after `ttl_ms`.
        """
        return self._script("claim", node, before, after, ttl_ms, parse=bytes)

    def opening(self, node: str) -> Call:
        """What `set_opening` has noted last; None: nothing is left to do."""
        return Call(("HGET", f"{self.prefix}opening", node))

    def set_opening(self, node: str, blob: bytes) -> Call:
        """Note how far a daemon is on its way to its schedule; empty: it is there."""
        if not blob:
            return Call(("HDEL", f"{self.prefix}opening", node))
        return Call(("HSET", f"{self.prefix}opening", node, blob))
