"""Redis as the daemon sees it: embedded or somewhere else, and how it is."""

import asyncio
from typing import Any

from rtd.common.errors import StoreGone
from rtd.config.config import Config
from rtd.config.paths import DaemonPaths
from rtd.store.connection.async_ import AsyncRedisConnection
from rtd.store.connection.url import parse_url
from rtd.store.embedded.keep_alive import keep_alive
from rtd.store.embedded.server import EmbeddedRedis
from rtd.store.embedded.server_check import INFO_COMMAND, check_server
from rtd.supervisor.core.log import log
from rtd.supervisor.core.log_rotation import REDIS_LIMIT_BYTES, BoundedFile, rotate_periodically


class RedisServer:
    """The Redis of this daemon.

    Args:
        config: `redis` says which, `durability` how safe an embedded one is.
        places: where an embedded one keeps its data.

    Raises:
        ConfigError: the URL cannot be used.
    """

    def __init__(self, config: Config, places: DaemonPaths) -> None:
        self._embedded: EmbeddedRedis | None = None
        if config.redis == "embedded":
            self._embedded = EmbeddedRedis(places.redis_dir, durability=config.durability)
            self.url = self._embedded.url
        else:
            self.url = config.redis
        self.address = parse_url(self.url)
        self._keepers: list[asyncio.Task[None]] = []

    @property
    def is_embedded(self) -> bool:
        """Whether Redis is this daemon's own."""
        return self._embedded is not None

    def start(self) -> None:
        """Start an embedded Redis, or take over the one that runs already. Raises RtdError."""
        if self._embedded is not None:
            self._embedded.start()
            loop = asyncio.get_running_loop()
            log_file = BoundedFile(self._embedded.log_file, REDIS_LIMIT_BYTES)
            self._keepers = [
                loop.create_task(keep_alive(self._embedded)),
                loop.create_task(rotate_periodically([log_file])),
            ]

    async def stop(self, keep: bool) -> None:
        """End an embedded Redis, everything on disk; with `keep` it goes on."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        self._keepers = []
        if self._embedded is not None:
            if keep:
                self._embedded.sync()
            else:
                self._embedded.stop()

    def describe(self) -> str:
        """For people; never shows a password."""
        return "embedded" if self.is_embedded else str(self.address)


async def check_redis(engine: RedisServer, redis: AsyncRedisConnection) -> None:
    """Warn of what is risky about a Redis that is not our own. Raises ConfigError when it
    cannot be used at all.
    """
    if not engine.is_embedded:
        for sentence in check_server(await redis.execute(INFO_COMMAND), engine.describe()):
            log.warning("%s", sentence)


async def redis_info(engine: RedisServer, redis: AsyncRedisConnection) -> dict[str, Any]:
    """The `redis` part of `info`: whether it answers, which version, how large."""
    found: dict[str, Any] = {"url": engine.describe(), "ok": True, "error": None}
    try:
        facts = await redis.execute(INFO_COMMAND)
    except StoreGone as error:
        found.update(ok=False, error=error.sentence)
        return found
    found["version"] = facts.get("valkey_version") or facts.get("redis_version")
    found["pid"] = int(facts.get("process_id", 0))
    found["bytes"] = int(facts.get("used_memory", 0))
    return found
