"""What every part of the supervisor needs: configuration, places, Redis, the board."""

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

from rtd.config.config import Config
from rtd.config.paths import DaemonPaths
from rtd.language.core.condition import Condition
from rtd.model.manifest import Manifest
from rtd.model.parameter_names import private_names
from rtd.process.board.board import Board
from rtd.store.commands.commands import StoreCommands
from rtd.store.connection.async_ import AsyncRedisConnection
from rtd.store.connection.command import RedisCommand
from rtd.supervisor.core.condition_parser import ConditionParser
from rtd.supervisor.core.executor_registry import ExecutorRegistry
from rtd.supervisor.core.faults import FaultRecorder
from rtd.supervisor.core.log import log

#: After a lost call the link is given this long to notice.
LINK_PAUSE_S: Final = 0.01


class Jobs:
    """Background tasks of the supervisor: none is forgotten, none fails in silence."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run `work` beside everything else; what it raises is logged under `name`."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def stop(self) -> None:
        """Cancel all and wait until they have ended."""
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s failed", task.get_name(), exc_info=error)


@dataclass(slots=True, kw_only=True)
class SupervisorContext:
    """The shared ground of the parts; they hold on to it and to nothing of each other.

    Attributes:
        app: what was given to `rtd run`; None: only shell commands.
        manifest: the tasks of the serving zygote.
        manifests: those of all zygotes that live, by their generation: a run goes on in the app
            that it began in.
        app_error: why the app does not import, if it does not.
        scheduling: tasks start by themselves; else only what is submitted is carried out, and
            there is no startup, no shutdown and no cycle of the app's.
        draining: no new work is taken; the daemon will end.
        faults: what of the app's has failed.
        reader: of the app's conditions; see `read`.
    """

    config: Config
    paths: DaemonPaths
    app: str | None
    redis: AsyncRedisConnection
    commands: StoreCommands
    store_url: str
    board: Board
    scheduling: bool = True
    executors: ExecutorRegistry = field(default_factory=ExecutorRegistry)
    jobs: Jobs = field(default_factory=Jobs)
    manifest: Manifest = field(default_factory=lambda: Manifest.of(None, ()))
    manifests: dict[int, Manifest] = field(default_factory=dict)
    app_error: str | None = None
    draining: bool = False
    started_at: float = field(default_factory=time.time)
    faults: FaultRecorder = field(init=False)
    condition_parser: ConditionParser = field(default_factory=ConditionParser)

    def __post_init__(self) -> None:
        self.faults = FaultRecorder(self)

    def private_names(self, task: str) -> frozenset[str]:
        """The parameters of a task that are never shown."""
        return private_names(self.manifest.info.parameters, task)

    def parse_condition(self, text: str) -> Condition:
        """The condition that a text of the serving app means. Raises ConditionError."""
        return self.condition_parser.parse(self.manifest, text)

    async def execute(self, call: RedisCommand) -> Any:
        """One call of the store. Raises StoreGone when Redis does not answer."""
        return (await self.redis.execute_all(call))[0]

    async def wait_redis(self) -> None:
        """Wait until Redis is connected again. Never returns at once: the link may not have
        noticed its loss yet."""
        await asyncio.sleep(LINK_PAUSE_S)
        await self.redis.connected.wait()
