"""All verbs of the protocol, and the check of a request.

A verb is declared once, in the module of its subject: what it does, takes and answers, and what
`rtctl` needs to know of it. To add one: declare it there, put a handler into `rtd.rpc.verbs` and a
command into `rtctl.commands`, and run `make generate`. Checks name what is missing.
"""

from collections.abc import Mapping
from typing import Any, Final

from rtd.common.errors import BadRequest
from rtd.protocol import (
    daemon_verbs,
    parameter_verbs,
    queue_verbs,
    record_verbs,
    run_verbs,
    schedule_verbs,
)
from rtd.protocol.schema import Verb, check

_MODULES: Final = (
    run_verbs, schedule_verbs, parameter_verbs, queue_verbs, record_verbs, daemon_verbs
)  # fmt: skip
#: All verbs that these modules declare, by name, in the order of `rtctl help` and of the protocol
#: page.
VERBS: Final[Mapping[str, Verb]] = {
    verb.name: verb
    for verb in (
        daemon_verbs.HELLO,
        *(found for module in _MODULES for found in vars(module).values()),
    )
    if isinstance(verb, Verb)
}


def check_request(method: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a request, checked, with the defaults filled in.

    Raises:
        BadRequest: the verb is unknown, or a parameter is unknown, missing or mistyped.
    """
    verb = VERBS.get(method)
    if verb is None:
        raise BadRequest(f"unknown verb {method!r:.60}; known: {', '.join(VERBS)}")
    return check(verb, params)
