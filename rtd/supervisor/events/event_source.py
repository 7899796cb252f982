"""Where the streams of events are read: a connection and a namespace."""

from typing import Any, NamedTuple, Protocol

from rtd.store.commands.commands import StoreCommands
from rtd.store.connection.command import RedisCommand


class CommandConnection(Protocol):
    """A connection to Redis."""

    async def execute_all(self, *calls: RedisCommand) -> list[Any]:
        """Return the results of some commands. Raises StoreGone."""
        ...


class EventSource(NamedTuple):
    """A connection, and the commands of a namespace."""

    connection: CommandConnection
    commands: StoreCommands

    async def execute(self, call: RedisCommand) -> Any:
        """Return the result of one command. Raises StoreGone."""
        return (await self.connection.execute_all(call))[0]
