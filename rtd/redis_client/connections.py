"""Blocking connections to one Redis, shared by the threads of a client."""

import os
from typing import Any, Final

from rtd.common.errors import StoreGone, StoreRefusal
from rtd.store.connection.blocking import RedisConnection
from rtd.store.connection.command import RedisCommand

#: How long Redis may take to accept a connection.
CONNECT_S: Final = 5.0
#: Redis answers in well under a millisecond; one that takes so long is silent, as to a daemon.
REPLY_S: Final = 4.0
#: How many idle connections are kept; only more threads make more.
_KEPT: Final = 8


class RedisConnections:
    """Connections to one Redis: each call has one to itself; a forked child makes its own.

    Args:
        url: see `rtd.config.redis_url.parse_url`.
        reconnect_s: how long a Redis that was there may be away before a call fails.
    """

    def __init__(self, url: str, reconnect_s: float) -> None:
        self.address = RedisConnection(url).address
        self.url = url
        self.reconnect_s = reconnect_s
        self._idle: list[RedisConnection] = []
        self._pid = os.getpid()
        self._seen = False

    def close(self) -> None:
        """Close all connections. They may be used again: it connects again."""
        idle, self._idle = self._idle, []
        for link in idle:
            link.close()

    async def execute_all(self, *calls: RedisCommand) -> list[Any]:
        """Return the results of some commands, in order; see `RedisConnection.execute_all`.

        Where a connection is lost they are sent once more, so they must be safe to repeat.
        Never suspends: see `rtd.redis_client.run_blocking`.
        """
        link = self._idle_link() or self._new_link()
        try:
            results = link.execute_all(*calls)
        except StoreRefusal:
            link.close()
            raise
        except StoreGone:
            try:
                link.reconnect(self.reconnect_s)
                results = link.execute_all(*calls)
            except StoreRefusal:
                link.close()
                raise
            except StoreGone as error:
                raise StoreGone(error.sentence, maybe_done=True) from None
        except BaseException:
            self._keep(link)
            raise
        self._keep(link)
        return results

    async def execute(self, call: RedisCommand) -> Any:
        """Return the result of one command. Raises as `execute_all` does."""
        return (await self.execute_all(call))[0]

    def _idle_link(self) -> RedisConnection | None:
        if os.getpid() != self._pid:
            # A fork: the parent goes on using these connections, this process must not.
            for link in self._idle:
                link.close()
            self._idle, self._pid = [], os.getpid()
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _new_link(self) -> RedisConnection:
        link = RedisConnection(self.url, reply_timeout_s=REPLY_S)
        if self._seen:
            link.reconnect(self.reconnect_s)
        else:  # one that never answered is reported at once
            link.connect_once(CONNECT_S)
            self._seen = True
        return link

    def _keep(self, link: RedisConnection) -> None:
        if link.connected and len(self._idle) < _KEPT:
            self._idle.append(link)
        else:
            link.close()
