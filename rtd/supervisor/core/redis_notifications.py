"""The supervisor's doorbell in Redis: executors and scripts ring, nobody polls.

A ring is a hint: whoever hears it looks at the truth. After Redis was away rings may be
missing, so everybody looks then, too.
"""

from collections.abc import Callable, Mapping

from rtd.store.connection.async_ import TOKENS_LOST, AsyncRedisConnection
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.log import log

NotificationHandler = Callable[[str], None]


class NotificationListener:
    """Listens on a connection of its own, for ever.

    Args:
        context: what the parts of the supervisor share.
        link: a connection that nothing else uses, since it blocks.
        handlers: by the first word of a ring; each is given the rest.
        look_again: called when rings may have been lost, and at the start.
    """

    def __init__(
        self,
        context: SupervisorContext,
        link: AsyncRedisConnection,
        handlers: Mapping[str, NotificationHandler],
        look_again: Callable[[], None],
    ) -> None:
        self._key = context.commands.node_bell_key(context.config.node)
        self._link = link
        self._handlers = handlers
        self._resync = look_again

    async def listen(self) -> None:
        """Hand out rings until cancelled."""
        async for rings in self._link.notifications(self._key):
            for ring in rings:
                self._hand_out(ring)

    def _hand_out(self, ring: bytes) -> None:
        if ring == TOKENS_LOST:
            self._resync()
            return
        word, _, rest = ring.decode().partition("|")
        handler = self._handlers.get(word)
        if handler is None:
            log.warning("Redis rang with %r, which nobody knows", ring)
        else:
            handler(rest)
