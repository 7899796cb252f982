"""What tasks are given besides the parameters of a submit: results that are kept, values that
were set at run time."""

import asyncio
from collections.abc import Iterable
from typing import Any

from rtd.common.errors import StoreGone
from rtd.common.msgpack_values import pack, unpack
from rtd.model.app_info import ParameterInfo
from rtd.model.parameter_names import HIDDEN, field_of
from rtd.model.run_record import decode
from rtd.model.run_states import State
from rtd.supervisor.core.context import Core
from rtd.supervisor.core.run_waiters import chunks

#: Ended runs of a task among which one that succeeded is looked for.
_LOOKS = 100
#: A task that returned nothing has returned None.
_NONE = pack(None)


class Parameters:
    """Keeps in Redis what the parameters of the serving app need.

    Args:
        core: the shared ground.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._loading = asyncio.Lock()
        self._served: frozenset[str] | None = None

    def serve(self) -> None:
        """The manifest may be another one."""
        if self._served != frozenset(self._core.manifest.info.returned):
            self._core.jobs.start(self._insist(), "keeping results")

    def look_again(self) -> None:
        """Redis may be another one."""
        self._served = None
        self.serve()

    async def _insist(self) -> None:
        while True:
            try:
                await self.keep_results()
                return
            except StoreGone:
                await self._core.redis_back()

    async def keep_results(self) -> None:
        """Let exactly the results that others are given be kept.

        One whose task has succeeded before that begins with what the record of that run says.

        Raises:
            StoreGone: Redis does not answer; nothing is lost, it can be done again.
        """
        core = self._core
        async with self._loading:
            wanted = frozenset(core.manifest.info.returned)
            kept: set[str] = await core.ask(core.calls.returning())
            for chunk in chunks(sorted(wanted - kept)):
                await core.ask(core.calls.keep_results_of(chunk))
            for chunk in chunks(sorted(kept - wanted)):
                await core.ask(core.calls.drop_results_of(chunk))
            for task in sorted(wanted - kept):
                await self._seed(task)
            self._served = wanted

    async def _seed(self, task: str) -> None:
        core = self._core
        for done in await core.ask(core.calls.list_done(_LOOKS, task=task)):
            record = decode(done.record)
            if record.state is State.SUCCEEDED and record.end is not None:
                await core.ask(core.calls.seed_result(task, record.end.result or _NONE))
                return


async def session_values(core: Core) -> dict[str, Any]:
    """The parameters of the session as conditions see them: None for what is not known before
    a run, and no private value. Raises StoreGone."""
    return overlaid(core.manifest.info.parameters, await core.ask(core.calls.all_params()))


def overlaid(infos: Iterable[ParameterInfo], found: dict[str, bytes]) -> dict[str, Any]:
    """The session's parameters, with the values that were set at run time on top."""
    values: dict[str, Any] = {}
    for info in infos:
        if info.task is None:
            blob = found.get(field_of(info.name), info.value)
            known = None if blob is None else unpack(blob)
            values[info.name] = HIDDEN if info.private else known
    return values
