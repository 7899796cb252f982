"""The context that all parts of the supervisor share: configuration, Redis, the board."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rtd.common.errors import NotPermitted
from rtd.common.ids import new_id
from rtd.config.config import Config
from rtd.config.paths import DaemonPaths, working_directory
from rtd.language.core.condition import Condition
from rtd.language.grammar import GRAMMAR, Grammar
from rtd.language.leaves.custom import Custom
from rtd.language.parser import parse
from rtd.model.manifest import COMMAND, NO_COMMANDS, Manifest, TaskInfo
from rtd.model.parameter_names import private_names
from rtd.process.board.board import Board, SlotSnapshot
from rtd.store.commands.commands import StoreCommands
from rtd.store.connection.async_ import AsyncRedisConnection
from rtd.store.connection.command import RedisCommand
from rtd.store.connection.command_batch import CommandBatch
from rtd.supervisor.core.executor_registry import ExecutorRegistry
from rtd.supervisor.core.faults import FaultRecorder
from rtd.supervisor.core.jobs import Jobs
from rtd.supervisor.core.retry import Backoff, ResultT, retry_until_redis_answers, wait_connected
from rtd.supervisor.core.schedule_gate import ScheduleGate

#: The waits after a step has failed that must be done.
RETRY_S: Final = (0.1, 10.0)


class ConditionParser:
    """Parses conditions of apps; runs no pattern of an app's own conditions."""

    def __init__(self) -> None:
        self._manifest: Manifest | None = None
        self._grammar = GRAMMAR

    def parse(self, manifest: Manifest, text: str) -> Condition:
        """Return the condition that a text of this app means.

        Raises:
            ConditionError: it cannot be read.
        """
        if manifest is not self._manifest:
            self._manifest, self._grammar = manifest, _grammar_of(manifest)
        return parse(text, self._grammar)


def _grammar_of(manifest: Manifest) -> Grammar:
    """Return the grammar with the app's custom conditions as leaves of its own."""
    if not manifest.info.custom:
        return GRAMMAR
    grammar = GRAMMAR.copy()
    for text, info in manifest.info.custom.items():
        grammar.add_literal(Custom(info.name, text, tuple(info.arguments.items())))
    return grammar


@dataclass(slots=True, kw_only=True)
class SupervisorContext:
    """The state that the parts share; a part knows this and what it is given, no other part.

    Attributes:
        app: the app named to `rtd run`; None: only shell commands.
        manifest: the tasks of the serving zygote.
        manifests: of all living zygotes, by generation: a run goes on in the app that it
            began in.
        umask: of the processes that carry out runs; the supervisor's own files are private.
        working_dir: the app is found from there; the name that a user has entered it by.
        app_error: why the app does not import; None: it does.
        gate: whether tasks start by themselves, and whether the daemon takes new work.
        batch: for commands that come by the thousand.
        tasks_written: other nodes know which tasks this one has, or there are none.
        offer: the name of what clients of the embedded Redis may use to queue runs there by
            themselves; None: nothing is offered now.
        faults: failures of the app's own code.
        condition_parser: parses the conditions of all apps that live.
    """

    config: Config
    paths: DaemonPaths
    app: str | None
    redis: AsyncRedisConnection
    commands: StoreCommands
    store_url: str
    board: Board
    gate: ScheduleGate = field(default_factory=ScheduleGate)
    executors: ExecutorRegistry = field(default_factory=ExecutorRegistry)
    jobs: Jobs = field(default_factory=Jobs)
    manifest: Manifest = field(default_factory=lambda: Manifest.of(None, ()))
    manifests: dict[int, Manifest] = field(default_factory=dict)
    app_error: str | None = None
    started_at: float = field(default_factory=time.time)
    umask: int = 0o022
    working_dir: Path = field(default_factory=working_directory)
    tasks_written: asyncio.Event = field(default_factory=asyncio.Event)
    offer: str | None = None
    _offered: Manifest | None = None
    faults: FaultRecorder = field(init=False)
    batch: CommandBatch = field(init=False)
    condition_parser: ConditionParser = field(default_factory=ConditionParser)

    def __post_init__(self) -> None:
        self.tasks_written.set()
        self.batch = CommandBatch(self.redis, self.jobs.start)
        self.faults = FaultRecorder(self.redis, self.commands, self.jobs, self.config.node)

    def find_task(self, name: str) -> TaskInfo:
        """Return the task of that name, for a new run.

        Raises:
            UnknownTask: the app has no such task.
            NotPermitted: it is `command`, and the settings allow no commands.
        """
        if name == COMMAND and not self.config.allow_commands:
            raise NotPermitted(NO_COMMANDS)
        return self.manifest.find(name)

    def busy_slots(self) -> list[SlotSnapshot]:
        """Return the slots of the board with a run on them, those of known executors."""
        return [seen for seen in self.board.scan() if self.executors.has_slot(seen)]

    def private_names(self, task: str) -> frozenset[str]:
        """Return the parameters of a task that are never shown."""
        return private_names(self.manifest.info.parameters, task)

    def parse_condition(self, text: str) -> Condition:
        """Parse a condition of the serving app. Raises ConditionError."""
        return self.condition_parser.parse(self.manifest, text)

    async def execute(self, call: RedisCommand) -> Any:
        """Return the reply to one command. Raises StoreGone when Redis does not answer."""
        return (await self.redis.execute_all(call))[0]

    async def renew_offer(self) -> None:
        """Write the offer to clients; another one if the app has changed, so that no earlier one
        stands; none while the daemon ends. Raises StoreGone."""
        manifest, name = self.manifest, self.offer
        if self._offered is not manifest:
            self.offer = name = None
        if self.gate.is_draining:
            name = None
        elif name is None:
            name = new_id()
        await self.execute(self.commands.set_offer(self.config.node, name))
        self.offer, self._offered = name, manifest

    async def retry(self, step: Callable[[], Awaitable[ResultT]]) -> ResultT:
        """Return the result of a step, however long Redis is away; see
        `rtd.supervisor.core.retry.retry_until_redis_answers`."""
        return await retry_until_redis_answers(self.redis.connected, step)

    async def retry_always(self, job: str, step: Callable[[], Awaitable[ResultT]]) -> ResultT:
        """Return the result of a step that must be done, however often it fails, for any reason;
        each failure is one of that job."""
        pause = Backoff(*RETRY_S)
        while True:
            try:
                return await self.retry(step)
            except Exception as error:
                self.jobs.record_failure(job, error)
                await pause.wait()

    async def wait_redis(self) -> None:
        """Wait until Redis is connected again, after a call has failed."""
        await wait_connected(self.redis.connected)
