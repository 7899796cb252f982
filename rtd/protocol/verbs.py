"""All verbs of the protocol, and the check of a request.

A verb is declared once, in the module of its subject: what it does, takes and answers, and what
`rtctl` needs to know of it. To add one: declare it there, put a handler into `rtd.rpc.verbs` and a
command into `rtctl.commands`, and run `make generate`. Checks name what is missing.
"""

from collections.abc import Mapping
from typing import Any, Final

from rtd.common.errors import BadRequest
from rtd.protocol.daemon_verbs import DAEMON_VERBS, HELLO
from rtd.protocol.parameter_verbs import PARAMETER_VERBS
from rtd.protocol.queue_verbs import QUEUE_VERBS
from rtd.protocol.run_verbs import RUN_VERBS
from rtd.protocol.schedule_verbs import SCHEDULE_VERBS
from rtd.protocol.schema import Verb, check

#: By name, in the order of `rtctl help` and of the protocol page.
VERBS: Final[Mapping[str, Verb]] = {
    verb.name: verb
    for verb in (
        HELLO, *RUN_VERBS, *SCHEDULE_VERBS, *PARAMETER_VERBS, *QUEUE_VERBS, *DAEMON_VERBS,
    )
}  # fmt: skip


def check_request(method: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a request, checked, with the defaults filled in.

    Raises:
        BadRequest: the verb is unknown, or a parameter is unknown, missing or mistyped.
    """
    verb = VERBS.get(method)
    if verb is None:
        raise BadRequest(f"unknown verb {method!r:.60}; known: {', '.join(VERBS)}")
    return check(verb, params)
