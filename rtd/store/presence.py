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
