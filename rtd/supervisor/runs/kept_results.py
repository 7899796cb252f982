"""Values for tasks besides the parameters of a submit: kept results, and values set at run time."""

from collections.abc import Iterable
from typing import Any

from rtd.common.msgpack_values import pack
from rtd.model.app_info import ParameterInfo
from rtd.model.parameter_names import HIDDEN, field_of
from rtd.model.run_states import RunState
from rtd.store.commands.stored_records import readable_record, readable_value
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.jobs import SingleFlight
from rtd.supervisor.runs.node_tasks import set_tasks

#: A succeeded run of a task is searched among this many of its latest ended runs.
_MAX_SCANNED = 100
#: The result of a task that returned nothing.
_NONE = pack(None)


class KeptResults:
    """Keeps the results in Redis that parameters of the serving app refer to.

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
        """Update the kept results if the manifest needs others."""
        if self._served != frozenset(self._context.manifest.info.returned):
            self._updater.request()

    def resync(self) -> None:
        """Update the kept results: this may be another Redis."""
        self._served = None
        self.on_app_change()

    async def update(self) -> None:
        """Keep exactly the results that other tasks take as parameters.

        If the task of such a result has already succeeded, its latest result is retained at once.

        Raises:
            StoreGone: Redis does not answer; the call can be repeated.
        """
        context = self._context
        wanted = frozenset(context.manifest.info.returned)
        for task in sorted(await set_tasks(context, "returning", wanted)):
            await self._seed(task)
        self._served = wanted

    async def _seed(self, task: str) -> None:
        context = self._context
        for done in await context.execute(context.commands.list_done(_MAX_SCANNED, task=task)):
            record = readable_record(done.id, done.record)
            if record is None or record.end is None:
                continue
            if record.state is RunState.SUCCEEDED:
                await context.execute(
                    context.commands.seed_result(task, record.end.result or _NONE)
                )
                return


async def session_values(context: SupervisorContext) -> dict[str, Any]:
    """Return the parameters of the session as conditions see them.

    None stands for a value that is not known before a run; private values are hidden.

    Raises:
        StoreGone: Redis does not answer.
    """
    return overlay_values(
        context.manifest.info.parameters, await context.execute(context.commands.get_all_params())
    )


def overlay_values(infos: Iterable[ParameterInfo], found: dict[str, bytes]) -> dict[str, Any]:
    """Return the session's parameters; values that were set at run time come first."""
    values: dict[str, Any] = {}
    for info in infos:
        if info.task is None:
            blob = found.get(field_of(info.name), info.value)
            values[info.name] = HIDDEN if info.private else readable_value(blob)
    return values
