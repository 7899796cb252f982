"""Hooks of the app around the start and the end of the daemon, called in its main lane."""

from typing import Final

from rtd.model.internal_tasks import SHUTDOWN_TASK, STARTUP_TASK
from rtd.model.run_states import RunState
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.internal.internal_runs import InternalRunOutcome, InternalRuns

_TASKS: Final = {"startup": STARTUP_TASK, "shutdown": SHUTDOWN_TASK}
#: How long the hooks of one kind may take together.
TIMEOUT_S: Final = 60.0
#: How long the main lane may take to begin with them.
BEGIN_S: Final = 10.0


class AppHooks:
    """Calls `Scheduler.hook_startup` and `Scheduler.hook_shutdown`.

    Args:
        context: what the parts of the supervisor share.
        inner: runs in the main lane.
    """

    def __init__(self, context: SupervisorContext, inner: InternalRuns) -> None:
        self._context = context
        self._inner = inner

    async def call(self, kind: str, *, rest: bool = False, timeout_s: float = TIMEOUT_S) -> None:
        """Call the hooks of a kind and wait for them. Returns at once when there are none.

        Never raises: what a hook raises, or one that takes too long, is a fault.

        Args:
            kind: `startup` or `shutdown`.
            rest: call what comes after the `yield` of those that are generators.
            timeout_s: how long they may take.
        """
        if not self._context.manifest.info.hooks.get(kind):
            return
        params = {
            "kind": kind,
            "rest": rest,
            "n_cycles": self._inner.cycles,
            "started_at": self._context.started_at,
        }
        ended = await self._inner.run(
            _TASKS[kind], params, timeout_s, patience_s=timeout_s + BEGIN_S
        )
        record_failures(self._context, kind, ended)


def record_failures(context: SupervisorContext, kind: str, ended: InternalRunOutcome) -> None:
    """A fault for each hook that failed, or for their run if nobody can say which.

    Args:
        kind: of the hooks.
        ended: their run.
    """
    failures = (ended.result or {}).get("failures", [])
    for what, name, message in failures:
        context.faults.record(what, name, message)
    if ended.state is not RunState.SUCCEEDED and not failures:
        context.faults.record("hook", f"hook_{kind}", ended.why)
