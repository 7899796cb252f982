"""Keeps an embedded Redis alive and its files synced."""

import asyncio
import contextlib
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from rtd.common.errors import RtdError
from rtd.store.embedded.server import EmbeddedRedis

_log = logging.getLogger(__name__)

_BACKOFF_S: Final = (0.01, 2.0)
#: After a server that lived this long the back-off begins again.
_STABLE_S: Final = 10.0
_SYNC_S: Final = 1.0


async def keep_alive(redis: EmbeddedRedis, thread: ThreadPoolExecutor) -> None:
    """Restart the server when it ends, until cancelled.

    Args:
        thread: starts the server and syncs its files, one after the other, and does nothing
            else; the process that holds it never forks (servers and zygotes are new programs).
    """
    wait_s, most_s = _BACKOFF_S
    while True:
        since = time.monotonic()
        await _wait_for_end(redis)
        if time.monotonic() - since > _STABLE_S:
            wait_s = _BACKOFF_S[0]
        _log.error("Redis ended (%s); starting it again", redis.reap())
        if redis.files.are_missing():
            _log.error("another program has removed the data in %s: Redis has lost it",
                       redis.directory)  # fmt: skip
        await asyncio.sleep(wait_s)
        wait_s = min(most_s, wait_s * 2)
        await _restart(redis, thread)


async def _restart(redis: EmbeddedRedis, thread: ThreadPoolExecutor) -> None:
    try:
        await asyncio.get_running_loop().run_in_executor(thread, redis.start)
    except RtdError as error:
        _log.error("%s", error)


async def _wait_for_end(redis: EmbeddedRedis) -> None:
    """Return when the server is gone.

    The end of a connection is only a reason to check: a server that is out of connections closes
    them too. A dead child proves the end, or a socket that refuses.
    """
    wait_s, most_s = _BACKOFF_S
    while True:
        refused = False
        try:
            reader, writer = await asyncio.open_unix_connection(redis.socket)
            try:
                with contextlib.suppress(OSError):
                    await reader.read()
            finally:
                writer.close()
        except (ConnectionRefusedError, FileNotFoundError):
            refused = True
        except OSError as error:
            _log.warning("cannot watch Redis: %s", error)
        if redis.has_ended(refused):
            return
        await asyncio.sleep(wait_s)
        wait_s = min(most_s, wait_s * 2)


async def sync_each_second(redis: EmbeddedRedis, thread: ThreadPoolExecutor) -> None:
    """Sync the files that have grown, until cancelled. `fdatasync` may take seconds on a slow
    disk, so it runs in the thread. Files that are missing have changed, too."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(_SYNC_S)
        try:
            if redis.files.has_grown():
                await loop.run_in_executor(thread, redis.files.sync)
                if await loop.run_in_executor(thread, redis.files.are_missing):
                    redis.on_missing_data()
        except OSError as error:
            _log.error("cannot sync the data in %s: %s", redis.directory, error)
