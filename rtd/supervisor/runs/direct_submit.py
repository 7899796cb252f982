"""What lets a client put further runs of a task into Redis itself.

A submit through the supervisor takes one process more on its way than it must. A client that
may open the embedded Redis anyway (its directory is for the daemon's own user and root only)
gets, with the answer to a submit, what the supervisor has found out about the task. It is
good for a second; whatever does not fit goes through the supervisor as before, with its
checks and its errors.
"""

from typing import Any, Final

from rtd.model.manifest import COMMAND
from rtd.store.connection.lua_scripts import script
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.runs.submit import SubmitPlan

#: How long a client may use it: so long a changed app or a drain may go unnoticed.
VALID_S: Final = 1.0


def shortcut_for(
    context: SupervisorContext, plan: SubmitPlan, uid: int, own_uid: int
) -> dict[str, Any] | None:
    """The shortcut of a task, or None when its runs need the supervisor.

    Args:
        plan: of a submit without options.
        uid: the client's user. own_uid: the daemon's.
    """
    info = plan.info
    plain = not (plan.max_concurrency or plan.due_ms or plan.expires_ms)
    embedded = context.config.redis == "embedded"
    if (
        not (plain and embedded and uid in (0, own_uid))
        or info.name == COMMAND
        or context.gate.is_draining
    ):
        return None
    return {
        "socket": context.store_url.removeprefix("unix://"),
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
    }
