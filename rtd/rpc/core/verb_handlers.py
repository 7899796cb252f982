"""The handler of each verb. A handler is a function in `rtd.rpc.verbs`, marked with `handles`."""

from collections.abc import Callable

from rtd.protocol.schema import Verb
from rtd.rpc.core.request import VerbHandler

#: By the name of the verb; complete once the modules of `rtd.rpc.verbs` are imported.
HANDLERS: dict[str, VerbHandler] = {}


def handles(verb: Verb) -> Callable[[VerbHandler], VerbHandler]:
    """Make the decorated function the handler of a verb.

    Raises:
        ImportError: the verb has a handler already.
    """

    def register(handler: VerbHandler) -> VerbHandler:
        if verb.name in HANDLERS:
            raise ImportError(f"the verb {verb.name} has two handlers")
        HANDLERS[verb.name] = handler
        return handler

    return register
