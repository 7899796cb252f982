"""Redis as the daemon sees it: embedded or somewhere else, and how it is."""

import asyncio
from typing import Any

from rtd.common.errors import StoreGone
from rtd.config.config import Config
from rtd.config.paths import Places
from rtd.store.connection.async_ import AsyncLink
from rtd.store.connection.url import parse
from rtd.store.embedded.server import Embedded
from rtd.store.embedded.server_check import INFO, check
from rtd.supervisor.core.log import log
from rtd.supervisor.core.log_rotation import REDIS_LIMIT_BYTES, BoundedFile, keep_bounded


class Engine:
    """The Redis of this daemon.

    Args:
        config: `redis` says which, `durability` how safe an embedded one is.
        places: where an embedded one keeps its data.

    Raises:
        ConfigError: the URL cannot be used.
    """

    def __init__(self, config: Config, places: Places) -> None:
        self._embedded: Embedded | None = None
        if config.redis == "embedded":
            self._embedded = Embedded(places.redis_dir, durability=config.durability)
            self.url = self._embedded.url
        else:
            self.url = config.redis
        self.address = parse(self.url)
        self._keepers: list[asyncio.Task[None]] = []

    @property
    def embedded(self) -> bool:
        """Whether Redis is this daemon's own."""
        return self._embedded is not None

    def start(self) -> None:
        """Start an embedded Redis, or take over the one that runs already. Raises RtdError."""
        if self._embedded is not None:
            self._embedded.start()
            loop = asyncio.get_running_loop()
            log_file = BoundedFile(self._embedded.log_file, REDIS_LIMIT_BYTES)
            self._keepers = [
                loop.create_task(self._embedded.keep()),
                loop.create_task(keep_bounded([log_file])),
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
        return "embedded" if self.embedded else str(self.address)


async def examine(engine: Engine, redis: AsyncLink) -> None:
    """Warn of what is risky about a Redis that is not our own. Raises ConfigError when it
    cannot be used at all.
    """
    if not engine.embedded:
        for sentence in check(await redis.one(INFO), engine.describe()):
            log.warning("%s", sentence)


async def look(engine: Engine, redis: AsyncLink) -> dict[str, Any]:
    """The `redis` part of `info`: whether it answers, which version, how large."""
    found: dict[str, Any] = {"url": engine.describe(), "ok": True, "error": None}
    try:
        facts = await redis.one(INFO)
    except StoreGone as error:
        found.update(ok=False, error=error.sentence)
        return found
    found["version"] = facts.get("valkey_version") or facts.get("redis_version")
    found["pid"] = int(facts.get("process_id", 0))
    found["bytes"] = int(facts.get("used_memory", 0))
    return found
