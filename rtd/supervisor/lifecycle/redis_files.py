"""The socket and the data of the embedded Redis, made again when another program removes them.

Redis holds all data in memory and goes on with files that have no name any more: its next start
would find nothing. It writes all of it into new files on request. It makes no other socket, so it
is restarted; its data must be in its directory before.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from rtd.common.errors import RtdError, StoreError, StoreGone, StoreRefusal
from rtd.store.connection.async_ import AsyncRedisConnection
from rtd.store.connection.command import RedisCommand
from rtd.store.embedded.server import EmbeddedRedis
from rtd.store.embedded.server_check import parse_info
from rtd.supervisor.core.jobs import Jobs, SingleFlight
from rtd.supervisor.core.log import log
from rtd.supervisor.core.retry import Backoff

#: A Redis that removes its socket has ended after this time.
REDIS_ENDS_S: Final = 0.5
#: The waits before data that could not be written is written again.
_AGAIN_S: Final = (2.0, 30.0)
#: How often Redis is requested to say whether it has written all.
_STEP_S: Final = 0.05
_WRITING_DATA: Final = "writing the removed data of Redis again"
_GET_DIR: Final = RedisCommand(("CONFIG", "GET", "dir"))
_WRITE: Final = RedisCommand(("BGREWRITEAOF",))
_PROGRESS: Final = RedisCommand(("INFO", "persistence"), parse_info)


class RedisFiles:
    """The files of a Redis that runs.

    Args:
        embedded: the server; None: Redis is not this daemon's own, and neither are its files.
        redis: the supervisor's connection to it.
        jobs: run in the background.
    """

    def __init__(
        self, embedded: EmbeddedRedis | None, redis: AsyncRedisConnection, jobs: Jobs
    ) -> None:
        self._embedded = embedded
        self._redis = redis
        self._jobs = jobs
        self._lock = asyncio.Lock()
        self._data = SingleFlight(jobs, _WRITING_DATA, self._renew_data)
        self._restart = SingleFlight(
            jobs, "restarting Redis, whose socket is gone", self._renew_socket
        )
        if embedded is not None:
            embedded.on_missing_data = self.renew_data

    def renew_data(self) -> None:
        """Write the data again in the background, if files of it are missing."""
        self._data.request()

    def renew_socket(self) -> None:
        """Restart Redis in the background if its socket is gone. No run is lost: all parts wait
        for it as after any loss."""
        self._restart.request()

    async def close(self) -> None:
        """Write data that is missing a last time, before the daemon and Redis end."""
        try:
            await self._renew_data_once()
        except RtdError as error:
            log.error("the data of Redis is lost: %s", error)

    async def _renew_socket(self) -> None:
        embedded = self._embedded
        await asyncio.sleep(REDIS_ENDS_S)  # it may have removed its socket itself, at its end
        if embedded is None or embedded.socket.exists() or not self._redis.connected.is_set():
            return
        with suppress(StoreGone):  # it ends without a reply, and is started again
            await self._renew_data()
            await self._redis.execute(RedisCommand(("SHUTDOWN",)))

    async def _renew_data(self) -> None:
        """Return when no file of the data is missing, however long it cannot be written.

        Raises:
            StoreGone: Redis has ended meanwhile; what it held is lost.
        """
        pause = Backoff(*_AGAIN_S)
        while True:
            try:
                return await self._renew_data_once()
            except StoreError as error:
                self._jobs.record_failure(_WRITING_DATA, error)
            except StoreRefusal:
                pass  # it says so in the log
            await pause.wait()

    async def _renew_data_once(self) -> None:
        embedded = self._embedded
        async with self._lock:
            if embedded is None or not embedded.files.are_missing():
                return
            where = embedded.directory
            try:
                await self._write(embedded)
            except StoreError as error:
                raise StoreError(
                    f"another program has removed the data of Redis in {where}, and it cannot be"
                    f" written again ({error}); it is only in the memory of Redis now: let it"
                    " write there, and do not end it before"
                ) from None
            log.warning("another program has removed the data of Redis in %s; Redis has written"
                        " all of it again", where)  # fmt: skip

    async def _write(self, embedded: EmbeddedRedis) -> None:
        embedded.make_directory()
        home = str(embedded.directory.resolve())
        _, at = await self._redis.execute(_GET_DIR)
        if at.decode(errors="replace") != home:  # nothing, if its directory was removed
            await self._redis.execute(RedisCommand(("CONFIG", "SET", "dir", home)))
        refusal = "BGREWRITEAOF fails"
        for _ in range(2):  # one that goes on already may have begun before the loss
            try:
                await self._redis.execute(_WRITE)
            except StoreError as error:
                refusal = error.sentence
            await self._wait_until_written()
            if not embedded.files.are_missing():
                return
        raise StoreError(refusal)

    async def _wait_until_written(self) -> None:
        while True:
            if not _is_writing(await self._redis.execute(_PROGRESS)):
                return
            await asyncio.sleep(_STEP_S)


def _is_writing(facts: Mapping[str, str]) -> bool:
    return "1" in (facts.get("aof_rewrite_in_progress"), facts.get("aof_rewrite_scheduled"))
