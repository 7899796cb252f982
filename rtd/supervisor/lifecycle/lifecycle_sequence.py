"""The steps of an app's startup and shutdown: both go the same way."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from rtd.common.ids import new_id
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.log import log
from rtd.supervisor.core.retry import ResultT
from rtd.supervisor.core.run_waiters import RunWaiters, RunWatch
from rtd.supervisor.lifecycle.lifecycle_tasks import (
    PlannedRun,
    runnable,
    submit_planned,
    tasks_on,
)
from rtd.supervisor.runs.internal_runs import (
    HOOKS_TIMEOUT_S,
    InternalRuns,
    call_hooks,
    evaluate_once,
)


class SequenceTexts(NamedTuple):
    """The steps of a sequence in words; `tasks` has a place for the names of the tasks."""

    hooks: str
    plan: str
    tasks: str
    rest: str


class LifecycleSequence(ABC):
    """Calls the hooks, runs the tasks whose start condition holds, calls the rest of the hooks.

    Args:
        context: what the parts of the supervisor share.
        internal_runs: call the hooks, in the app's main lane.
        waiters: tell when runs are over.
        kind: `startup` or `shutdown`.
        texts: its steps in words.
        lane_suffix: of the lanes that its runs wait in.
    """

    def __init__(
        self,
        context: SupervisorContext,
        internal_runs: InternalRuns,
        waiters: RunWaiters,
        kind: str,
        texts: SequenceTexts,
        lane_suffix: str = "",
    ) -> None:
        self._context = context
        self._internal_runs = internal_runs
        self._waiters = waiters
        self._kind = kind
        self._texts = texts
        self._lane_suffix = lane_suffix

    # --- in which startup and shutdown differ

    @abstractmethod
    def _announce(self, step: str) -> None:
        """Say which step has begun."""

    @abstractmethod
    async def _save_planned(self, planned: Sequence[PlannedRun]) -> None:
        """Write down which runs will be queued."""

    def _is_over(self) -> bool:
        """Return whether the steps that are left are not wanted any more."""
        return False

    def _hook_timeout_s(self) -> float:
        """Return how long the hooks may take now."""
        return HOOKS_TIMEOUT_S

    async def _retry(self, step: Callable[[], Awaitable[ResultT]]) -> ResultT:
        """Return the result of a step that may raise StoreGone."""
        return await step()

    async def _in_main(self, call: Coroutine[Any, Any, ResultT]) -> ResultT:
        """Return the result of a call that waits for runs in the main lane."""
        return await call

    async def _wait_change(self, watch: RunWatch, names: Mapping[str, str]) -> bool:
        """Wait until another of the runs ends; `names`: the task of each. False: none will."""
        return await watch.wait_change(None)

    @abstractmethod
    async def _leave(self, ids: Iterable[str]) -> None:
        """Deal with runs that have not ended when nothing waits for them any more."""

    # --- the steps

    async def _run_steps(self, planned: Sequence[PlannedRun] | None = None) -> None:
        """Go through the steps.

        Args:
            planned: the runs that an earlier supervisor has written down: it has called the
                hooks already. None: begin with the hooks.
        """
        if planned is None:
            await self._call_hooks(self._texts.hooks)
            self._announce(self._texts.plan)
            planned = await self._retry(self._plan)
            await self._retry(partial(self._save_planned, planned))
        if planned and not self._is_over():
            await self._run(planned)
        if not self._is_over():
            await self._call_hooks(self._texts.rest, rest=True)

    async def _call_hooks(self, step: str, rest: bool = False) -> None:
        if self._context.manifest.info.hooks.get(self._kind):
            self._announce(step)
            await self._in_main(
                call_hooks(
                    self._context,
                    self._internal_runs,
                    self._kind,
                    rest=rest,
                    timeout_s=self._hook_timeout_s(),
                    lane_suffix=self._lane_suffix,
                )
            )

    async def _plan(self) -> list[PlannedRun]:
        evaluate = partial(
            evaluate_once, self._context, self._internal_runs, lane_suffix=self._lane_suffix
        )
        infos = await runnable(
            self._context,
            tasks_on(self._kind, self._context.manifest),
            lambda custom_ids: self._in_main(evaluate(custom_ids)),
        )
        return [PlannedRun(info.name, new_id()) for info in infos]

    async def _run(self, planned: Sequence[PlannedRun]) -> None:
        """Queue these runs and wait until they have ended, or the sequence is over."""
        names = {run: task for task, run in planned}
        self._announce_tasks(names.values())
        log.info("on %s: %s", self._kind, ", ".join(names.values()))
        queued = await self._retry(
            lambda: submit_planned(self._context, planned, self._kind, self._lane_suffix)
        )
        await self._retry(lambda: self._wait(queued, names))

    def _announce_tasks(self, names: Iterable[str]) -> None:
        self._announce(self._texts.tasks.format(", ".join(names)))

    async def _wait(self, ids: Sequence[str], names: Mapping[str, str]) -> None:
        watch = self._waiters.watch(ids)
        try:
            async with watch:
                while watch.pending and not self._is_over():
                    self._announce_tasks(sorted({names[run] for run in watch.pending}))
                    if not await self._wait_change(watch, names):
                        return
        finally:
            await self._leave(watch.pending)
