"""The context in which the supervisor's code serves a client that has only Redis."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Final, cast

from rtd.common.errors import NotPermitted
from rtd.config.config import Config
from rtd.model.manifest import COMMAND, NO_COMMANDS, TaskInfo
from rtd.process.board.board import SlotSnapshot
from rtd.redis_client.connections import RedisConnections
from rtd.redis_client.task_directory import TaskDirectory
from rtd.store.commands.commands import StoreCommands
from rtd.store.connection.async_ import AsyncRedisConnection
from rtd.store.connection.command import RedisCommand
from rtd.store.connection.command_batch import CommandBatch
from rtd.supervisor.core.context import SupervisorContext

#: Parts of a daemon that no code uses which runs without one.
_ABSENT: Final[Any] = None
#: The node of a client: none, so all executors are on other nodes.
NO_NODE: Final = ""


class RedisContext(SupervisorContext):
    """No board, no executors, no node: the tasks and the limits are those of the workers.

    Args:
        links: to Redis.
        commands: of the namespace.
        name: of the namespace.
        tasks: known in it.
    """

    def __init__(
        self, links: RedisConnections, commands: StoreCommands, name: str, tasks: TaskDirectory
    ) -> None:
        super().__init__(
            config=Config(name=name, node=NO_NODE, redis=str(links.address)),
            paths=_ABSENT,
            app=None,
            redis=cast(AsyncRedisConnection, links),
            commands=commands,
            store_url=links.url,
            board=_ABSENT,
            working_dir=Path("/"),
        )
        self.batch = cast(CommandBatch, links)
        self._tasks = tasks

    async def refresh(self) -> None:
        """Take over what the workers have changed. Raises as `TaskDirectory.refresh` does."""
        if not await self._tasks.refresh():
            return
        self.manifest = self._tasks.manifest
        nodes = list(self._tasks.nodes.values())
        if nodes:
            limits = replace(
                self.config.limits, params_bytes=min(node.params_limit for node in nodes)
            )
            history = max(node.history for node in nodes)
            self.config = replace(self.config, limits=limits, history=history)

    async def execute(self, call: RedisCommand) -> Any:
        """Return the reply to one command. The same trip tells whether the workers have changed
        anything: then submits that follow each other need no trips of their own for that."""
        count, reply = await self.redis.execute_all(self.commands.manifests_count(), call)
        self._tasks.note_count(count)
        return reply

    def find_task(self, name: str) -> TaskInfo:
        """Return the task of that name, for a new run. Raises UnknownTask, NotPermitted."""
        if name == COMMAND and self._tasks.nodes and COMMAND not in self.manifest.tasks:
            raise NotPermitted(NO_COMMANDS.replace("this daemon runs", "the workers run"))
        return self._tasks.find(name)

    async def declare(self, name: str) -> None:
        """Before a submit of a task; see `TaskDirectory.declare`."""
        await self._tasks.declare(name)

    def busy_slots(self) -> list[SlotSnapshot]:
        """Return nothing: no executor is here."""
        return []
