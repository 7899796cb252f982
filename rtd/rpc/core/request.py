"""A request as the handler of a verb receives it."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from rtd.protocol.packed_rows import PackedResult
from rtd.rpc.core.connection import ClientConnection
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.node import Node


@dataclass(frozen=True, slots=True)
class ClientRequest:
    """One request of one client; the parameters are checked and complete.

    Attributes:
        sub: the request's id, which parts of a streamed answer carry.
    """

    node: Node
    client: ClientConnection
    sub: int
    params: dict[str, Any]

    @property
    def context(self) -> SupervisorContext:
        """The context that the parts of the supervisor share."""
        return self.node.context

    def large_turn(self) -> AbstractAsyncContextManager[None]:
        """Return the turn of a request with a large answer; see `ConnectionRequests.large_turn`."""
        return self.client.requests.large_turn()

    async def send_part(self, method: str, **params: Any) -> None:
        """Send a part of a streamed answer; waits while the client does not read."""
        await self.client.send(method, {"sub": self.sub, **params})


VerbHandler = Callable[[ClientRequest], Awaitable[dict[str, Any] | PackedResult]]
