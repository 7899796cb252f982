"""A handler that hangs: nothing is written any more, and the supervisor says so."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from rtd.config.config import Config
from rtd.config.paths import DaemonPaths
from rtd.model.app_info import AppInfo
from rtd.model.manifest import Manifest
from rtd.process.board.board import Board
from rtd.store.commands.commands import StoreCommands
from rtd.store.connection.async_ import AsyncRedisConnection
from rtd.store.connection.command import RedisCommand
from rtd.store.embedded.server import EmbeddedRedis
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.runs.task_log import TaskLogMonitor

DEADLINE_S = 10.0


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """A private Redis."""
    embedded = EmbeddedRedis(tmp_path / "redis")
    embedded.start()
    yield embedded
    embedded.stop()


async def serve(url: str, folder: Path) -> list[str]:
    """Serve an app that is logged, with an entry that no process writes. Returns its faults."""
    places = DaemonPaths(folder, folder, folder / "socket")
    core = SupervisorContext(
        config=Config(node="node"), paths=places, app="app",
        redis=await AsyncRedisConnection.connect(url),
        commands=StoreCommands("rtd"), store_url=url, board=Board.create(places.board),
        manifest=Manifest.of("app", (), AppInfo(logged=True)),
    )  # fmt: skip
    log = TaskLogMonitor(core, stuck_s=0.05)
    log.on_app_change(fresh=True)
    await core.execute(RedisCommand(("RPUSH", f"{core.commands.prefix}log:node", b"1|entry")))
    found: list[str] = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DEADLINE_S):
            while not found:
                found = [fault.message for fault in await core.faults.list_faults()]
                await asyncio.sleep(0)
    log.stop()
    await core.jobs.stop()
    await core.redis.close()
    core.board.close()
    return found


def test_a_log_that_stands_still_is_a_fault(redis: EmbeddedRedis, tmp_path: Path) -> None:
    (message,) = asyncio.run(serve(redis.url, tmp_path))
    assert message == "nothing was written for 0.05 s, with 1 entry waiting: one of them hangs"
