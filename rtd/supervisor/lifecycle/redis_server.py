"""Redis as the daemon sees it: embedded or elsewhere, and its health."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from rtd.common.errors import StoreError, StoreGone, StoreRefusal
from rtd.config.config import EMBEDDED, Config
from rtd.config.paths import DaemonPaths
from rtd.config.redis_url import parse_url, unix_url
from rtd.process.tree.file_writer import end_writer, find_writer
from rtd.store.connection.async_ import AsyncRedisConnection
from rtd.store.connection.command import RedisCommand
from rtd.store.embedded.choose_server import probe_named_server
from rtd.store.embedded.find_server import ServerProgram
from rtd.store.embedded.keep_alive import keep_alive, sync_each_second
from rtd.store.embedded.server import EmbeddedRedis
from rtd.store.embedded.server_check import INFO_COMMAND, check_server
from rtd.supervisor.core.jobs import Jobs
from rtd.supervisor.core.log import log
from rtd.supervisor.core.log_rotation import REDIS_LIMIT_BYTES, BoundedFile, rotate_periodically

#: How long a Redis without its socket may take to end.
_ENDS_S: Final = 10.0
#: So long `info` and `status` wait for Redis: people ask them what is wrong.
ANSWER_S: Final = 4.0


def end_unreachable(directory: Path) -> None:
    """End a Redis that has the data of a directory and whose socket was removed: it makes no other.

    All that are connected to it go on with the next one, as after any loss.

    Raises:
        StoreError: it does not end, so that no other may start.
    """
    writer = find_writer(directory, "appendonly")
    if writer is None:
        return
    pid = writer.pid
    log.warning("Redis (pid %d) in %s has lost its socket: it is ended", pid, directory)
    if not end_writer(writer, _ENDS_S):
        raise StoreError(
            f"a Redis (pid {pid}) has the data in {directory} and no socket, and does not end;"
            " end it first: a second one would destroy the data"
        )


class RedisServer:
    """The Redis of this daemon.

    Args:
        config: `redis` says which; `redis_server`, `durability`: how to run an embedded one.
        paths: an embedded one keeps its data there.

    Attributes:
        embedded: the server, when it is this daemon's own.

    Raises:
        ConfigError: the URL or the program cannot be used.
    """

    def __init__(self, config: Config, paths: DaemonPaths) -> None:
        self.embedded: EmbeddedRedis | None = None
        if config.redis == EMBEDDED:
            self.embedded = EmbeddedRedis(
                paths.redis_dir,
                durability=config.durability,
                server=_named_server(config),
                end_unreachable=end_unreachable,
            )
            self.url = self.embedded.url
        else:
            self.url = config.redis
        self.address = parse_url(self.url)
        self._keepers: list[asyncio.Task[None]] = []
        self._thread: ThreadPoolExecutor | None = None

    @property
    def is_embedded(self) -> bool:
        """Whether Redis is this daemon's own."""
        return self.embedded is not None

    def start(self, jobs: Jobs) -> None:
        """Start an embedded Redis, or take over one that runs already. Raises RtdError.

        Args:
            jobs: keep it alive in the background.
        """
        if self.embedded is not None:
            embedded = self.embedded
            embedded.start()
            log_file = BoundedFile(embedded.log_file, REDIS_LIMIT_BYTES)
            self._thread = thread = ThreadPoolExecutor(1, thread_name_prefix="redis")
            self._keepers = [
                jobs.start_lasting(lambda: keep_alive(embedded, thread), "keeping Redis alive"),
                jobs.start_lasting(
                    lambda: sync_each_second(embedded, thread), "syncing the data of Redis"
                ),
                jobs.start_lasting(
                    lambda: rotate_periodically([log_file]), "keeping Redis' log within its bound"
                ),
            ]

    @property
    def socket(self) -> Path | None:
        """The socket of an embedded Redis."""
        return None if self.embedded is None else self.embedded.socket

    def holds_socket(self) -> bool:
        """Return whether no other process has taken the socket of an embedded Redis."""
        return self.embedded is None or self.embedded.holds_socket()

    async def stop(self, keep: bool) -> None:
        """End an embedded Redis after all data is on disk; with `keep` it stays."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        self._keepers = []
        if self._thread is not None:
            self._thread.shutdown()
        if self.embedded is not None:
            if keep:
                self.embedded.sync()
            else:
                self.embedded.stop()

    @property
    def public_address(self) -> str:
        """A URL for any client of Redis, without the password."""
        return str(self.address) if self.socket is None else unix_url(self.socket)

    def describe(self) -> str:
        """Return its address for people, without the password."""
        return "embedded" if self.is_embedded else str(self.address)


def _named_server(config: Config) -> ServerProgram | None:
    named, place = config.redis_server, config.place_of("redis_server")
    return None if named is None else probe_named_server(Path(named), place)


async def check_redis(server: RedisServer, redis: AsyncRedisConnection) -> None:
    """Warn of settings that make a Redis of the user risky.

    Raises:
        ConfigError: it cannot be used at all.
    """
    if not server.is_embedded:
        for sentence in check_server(await redis.execute(INFO_COMMAND), server.describe()):
            log.warning("%s", sentence)


async def ask_redis(redis: AsyncRedisConnection, *calls: RedisCommand) -> list[Any]:
    """Return the results of commands, as `execute_all` does, which Redis is to carry out at once.

    Raises:
        StoreGone: as `execute_all`, or Redis has not answered within `ANSWER_S`.
    """
    try:
        async with asyncio.timeout(ANSWER_S):
            return await redis.execute_all(*calls)
    except TimeoutError:
        late = f"Redis at {redis.address} has not answered for {ANSWER_S:g} s"
        raise StoreGone(late) from None


async def redis_info(server: RedisServer, redis: AsyncRedisConnection) -> dict[str, Any]:
    """Return the `redis` part of `info`: whether it answers, which server it is, its size."""
    found: dict[str, Any] = {
        "url": server.describe(), "address": server.public_address, "ok": True, "error": None,
    }  # fmt: skip
    try:
        facts, _ = await ask_redis(redis, INFO_COMMAND, redis.probe)
    except StoreGone as error:
        refuses = isinstance(error, StoreRefusal)
        found.update(ok=False, error=error.sentence, refuses=refuses)
        return found
    found["server"] = "Valkey" if "valkey_version" in facts else "Redis"
    found["version"] = facts.get("valkey_version") or facts.get("redis_version")
    if server.is_embedded:
        found["program"] = facts.get("executable")
    found["pid"] = int(facts.get("process_id", 0))
    found["bytes"] = int(facts.get("used_memory", 0))
    return found
