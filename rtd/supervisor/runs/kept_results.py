"""What tasks are given besides the parameters of a submit: results that are kept, values that
were set at run time."""

from collections.abc import Iterable
from typing import Any

from rtd.common.msgpack_values import pack, unpack
from rtd.model.app_info import ParameterInfo
from rtd.model.parameter_names import HIDDEN, field_of
from rtd.model.run_record import decode_record
from rtd.model.run_states import RunState
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.jobs import SingleFlight
from rtd.supervisor.core.run_waiters import chunks

#: Ended runs of a task among which one that succeeded is looked for.
_MAX_SCANNED = 100
#: A task that returned nothing has returned None.
_NONE = pack(None)


class KeptResults:
    """Keeps in Redis what the parameters of the serving app need.

    Args:
        context: what the parts of the supervisor share.
    """

    def __init__(self, context: SupervisorContext) -> None:
        self._context = context
        self._served: frozenset[str] | None = None
        self._updater = SingleFlight(
            context.jobs, "keeping results", lambda: context.retry(self.update)
        )

    def on_app_change(self) -> None:
        """The manifest may be another one."""
        if self._served != frozenset(self._context.manifest.info.returned):
            self._updater.request()

    def resync(self) -> None:
        """Redis may be another one."""
        self._served = None
        self.on_app_change()

    async def update(self) -> None:
        """Let exactly the results that others are given be kept.

        One whose task has succeeded before that begins with what the record of that run says.

        Raises:
            StoreGone: Redis does not answer; nothing is lost, it can be done again.
        """
        context = self._context
        wanted = frozenset(context.manifest.info.returned)
        kept: set[str] = await context.execute(context.commands.retained_tasks())
        for chunk in chunks(sorted(wanted - kept)):
            await context.execute(context.commands.retain_results(chunk))
        for chunk in chunks(sorted(kept - wanted)):
            await context.execute(context.commands.release_results(chunk))
        for task in sorted(wanted - kept):
            await self._seed(task)
        self._served = wanted

    async def _seed(self, task: str) -> None:
        context = self._context
        for done in await context.execute(context.commands.list_done(_MAX_SCANNED, task=task)):
            record = decode_record(done.record)
            if record.state is RunState.SUCCEEDED and record.end is not None:
                await context.execute(
                    context.commands.seed_result(task, record.end.result or _NONE)
                )
                return


async def session_values(context: SupervisorContext) -> dict[str, Any]:
    """The parameters of the session as conditions see them: None for what is not known before
    a run, and no private value. Raises StoreGone."""
    return overlay_values(
        context.manifest.info.parameters, await context.execute(context.commands.get_all_params())
    )


def overlay_values(infos: Iterable[ParameterInfo], found: dict[str, bytes]) -> dict[str, Any]:
    """The session's parameters, with the values that were set at run time on top."""
    values: dict[str, Any] = {}
    for info in infos:
        if info.task is None:
            blob = found.get(field_of(info.name), info.value)
            known = None if blob is None else unpack(blob)
            values[info.name] = HIDDEN if info.private else known
    return values
