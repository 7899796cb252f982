"""From a request to its handler: greeted first, checked against the declaration, then handled.

A request that needs Redis fails within seconds when Redis is silent; only one that is meant to
wait (`wait`, one that follows) goes on.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from rtd.common.errors import BadRequest, StoreGone, StoreRefusal
from rtd.protocol import frames
from rtd.protocol.verbs import VERBS, check_request
from rtd.rpc import verbs
from rtd.rpc.core.connection import ClientConnection
from rtd.rpc.core.connection_requests import WAITING
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.verb_handlers import HANDLERS
from rtd.store.connection.async_protocol import IS_PROMPT
from rtd.supervisor.node import Node

#: What works without Redis; part of the error about what does not.
STILL_WORKS = "ping, info, status and tasks still work"

for _module in iter_modules(verbs.__path__, f"{verbs.__name__}."):
    import_module(_module.name)
if HANDLERS.keys() != VERBS.keys():
    raise ImportError(f"verbs without a handler: {', '.join(VERBS.keys() - HANDLERS.keys())}")


class VerbDispatcher:
    """Handles the requests of all clients on one node."""

    def __init__(self, node: Node) -> None:
        self._node = node

    async def dispatch(self, client: ClientConnection, request: frames.Request) -> Any:
        """Return the answer to a request. Raises RtdError."""
        if not client.greeted and request.method != "hello":
            raise BadRequest("the first request on a connection must be hello")
        checked = check_request(request.method, request.params)
        IS_PROMPT.set(not (request.method in WAITING or checked.get("follow")))
        try:
            return await HANDLERS[request.method](
                ClientRequest(self._node, client, request.msgid, checked)
            )
        except StoreGone as error:
            raise _without_redis(request.method, error) from None


def _without_redis(method: str, error: StoreGone) -> StoreGone:
    """Return the error of a request that needs Redis, with what a person needs to know of it."""
    done = f"; {method} may be carried out all the same"
    known = error.sentence + (done if error.maybe_done and VERBS[method].changes else "")
    kind = StoreRefusal if isinstance(error, StoreRefusal) else StoreGone
    return kind(f"{known}; rtd connects again by itself. {STILL_WORKS}")
