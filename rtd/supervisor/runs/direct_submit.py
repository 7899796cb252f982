"""Lets a client put further runs of a task into Redis itself.

A submit through the supervisor passes one more process than it must. A client that may use the
embedded Redis gets, with the answer to a submit, the facts that the supervisor has found about the
task: an offer. The daemon's own user and root may open the directory of Redis anyway. Members of
the group, who may run commands as the daemon's user, get connections from the daemon
(`rtd.rpc.redis_connections`). The submit script checks that the offer still stands: with another
app, and once the daemon ends, it does not. A submit that it does not fit goes through the
supervisor, with its checks and its errors.
"""

from dataclasses import replace
from typing import Any, Final

from rtd.config.config import Config
from rtd.model.manifest import COMMAND
from rtd.model.run_record import HEADERS
from rtd.store.connection.lua_scripts import script
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.runs.submit import SubmitRequest, plan_of

#: How long a client may use an offer: so soon it notices that the daemon has died.
STANDS_S: Final = 60.0
#: How long one of an earlier release may, which does not let it be checked.
VALID_S: Final = 1.0


def shortcut_for(
    context: SupervisorContext, request: SubmitRequest, is_owner: bool
) -> dict[str, Any] | None:
    """Return the shortcut of a task, or None: its runs need the supervisor.

    Args:
        request: that was carried out.
        is_owner: the client is one of root or of the daemon's user; others cannot open Redis
            themselves.
    """
    if context.config.redis != "embedded" or context.offer is None:
        return None
    if not (is_owner or members_may_queue(context.config)):
        return None
    offer = offer_of(context, request, context.offer)
    if offer is None:
        return None
    if is_owner:
        return {**offer, "socket": context.redis.address.path}
    return {**offer, "socket": str(context.paths.store_socket), "hands_over": True}


def members_may_queue(config: Config) -> bool:
    """Return whether members of the group may queue runs in Redis: those who may run commands have
    all rights of the daemon's user."""
    return config.group is not None and config.allow_commands and config.redis == "embedded"


def offer_of(
    context: SupervisorContext, request: SubmitRequest, name: str
) -> dict[str, Any] | None:
    """Return the facts by which a client may queue further runs of a task, but for where its Redis
    is; None: each run has something of its own.

    Args:
        request: that was carried out.
        name: by which the submit script checks that they still hold.
    """
    if request.options.keys() - {HEADERS}:
        return None
    plan = plan_of(context, replace(request, options={}))
    info = plan.info
    if plan.max_concurrency or plan.due_ms or plan.expires_ms or info.name == COMMAND:
        return None
    return {
        "digest": script("submit").digest,
        "prefix": context.commands.prefix,
        "node": context.config.node,
        "place": plan.place,
        "spec": list(plan.spec),
        "required": [name for name, _ in info.parameters if name in info.required],
        "optional": None
        if info.any_parameters
        else [name for name, _ in info.parameters if name not in info.required],
        "params_limit": plan.params_limit,
        "valid_s": VALID_S,
        "name": name,
        "stands_s": STANDS_S,
    }
