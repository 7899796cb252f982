"""A request to the handlers of the verbs, without the connection that it would come on."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, cast

from rtd.redis_client.client_process import this_process
from rtd.rpc.core.connection import ClientConnection
from rtd.rpc.core.request import ClientRequest
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.node import Node


@asynccontextmanager
async def large_turn() -> AsyncIterator[None]:
    """Let the request go on: no other waits for its turn."""
    yield


class _RequestOrigin:
    """Stands for the node and for the connection of a request."""

    def __init__(self, context: SupervisorContext) -> None:
        self.context = context
        self.peer = this_process()
        self.targets = 0
        self.requests = self

    def large_turn(self) -> AbstractAsyncContextManager[None]:
        """See the function."""
        return large_turn()


def request_of(context: SupervisorContext, params: dict[str, Any]) -> ClientRequest:
    """Return a request with these parameters."""
    caller = _RequestOrigin(context)
    return ClientRequest(cast(Node, caller), cast(ClientConnection, caller), 0, params)
