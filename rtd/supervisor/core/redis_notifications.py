"""Notifications from executors and scripts by way of Redis, so that the supervisor need not poll.

A notification is a hint: the part that hears it reads the facts. While Redis was away some may
have been lost, so all parts read them again then.
"""

from collections.abc import Callable, Mapping

from rtd.store.connection.async_ import TOKENS_LOST, AsyncRedisConnection
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.log import log

NotificationHandler = Callable[[str], None]


class NotificationListener:
    """Listens for notifications on a connection of its own.

    Args:
        context: what the parts of the supervisor share.
        connection: nothing else uses it, since it blocks.
        handlers: by the first word of a notification; each gets the rest.
        resync: called when notifications may have been lost, and at the start.
    """

    def __init__(
        self,
        context: SupervisorContext,
        connection: AsyncRedisConnection,
        handlers: Mapping[str, NotificationHandler],
        resync: Callable[[], None],
    ) -> None:
        self._key = context.commands.node_bell_key(context.config.node)
        self._connection = connection
        self._handlers = handlers
        self._resync = resync

    async def listen(self) -> None:
        """Pass notifications to their handlers until cancelled."""
        async for batch in self._connection.notifications(self._key):
            for notification in batch:
                self._dispatch(notification)

    def _dispatch(self, notification: bytes) -> None:
        if notification == TOKENS_LOST:
            self._resync()
            return
        kind, _, rest = notification.decode().partition("|")
        handler = self._handlers.get(kind)
        if handler is None:
            log.warning("Redis sent the notification %r, which is not known", notification)
        else:
            handler(rest)
