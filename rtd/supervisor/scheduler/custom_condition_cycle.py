"""The cycle: evaluates custom conditions, and calls the hooks of the cycle, in the main lane.

Only conditions that decide something are evaluated; an app without custom conditions and hooks
has no cycle.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from rtd.common.units import format_duration
from rtd.model.internal_tasks import CYCLE_TASK
from rtd.model.run_states import RunState
from rtd.planner.planner import Planner
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.runs.internal_runs import (
    InternalRunOutcome,
    InternalRuns,
    record_failures,
)
from rtd.supervisor.scheduler.evaluation_order import EvaluationOrder
from rtd.supervisor.scheduler.scheduler import TaskScheduler

#: So long one run goes on to evaluate one condition after the other.
BUDGET_S: Final = 1.0
#: Sentinel start time: the next cycle starts immediately.
START_NOW: Final = float("-inf")
#: `by` of a run whose conditions took too long.
TIMEOUT: Final = "timeout"


@dataclass(slots=True, frozen=True)
class Idle:
    """The cycle waits for an advance of the scheduler."""


@dataclass(slots=True, frozen=True)
class Timed:
    """The cycle also starts by a timer."""

    timer: asyncio.TimerHandle


@dataclass(slots=True, frozen=True)
class Evaluation:
    """A run of the cycle is going.

    Attributes:
        planner: receives the values; None: the run only calls hooks.
        number: of the evaluation in the planner.
        customs: the conditions that the run evaluates, in this order.
    """

    planner: Planner | None
    number: int
    customs: list[str]


class CustomConditionCycle:
    """Evaluates the custom conditions that the planner needs, in one run at a time.

    Args:
        context: what the parts of the supervisor share.
        internal_runs: runs in the main lane.
    """

    def __init__(self, context: SupervisorContext, internal_runs: InternalRuns) -> None:
        self._context = context
        self._internal_runs = internal_runs
        self._state: Idle | Timed | Evaluation = Idle()
        self._began_s = START_NOW
        self._planner: Planner | None = None
        self._order = EvaluationOrder(context.config.condition_timeout_s)

    def start_if_due(self, scheduler: TaskScheduler) -> None:
        """Start a cycle if it is time and there is something to evaluate or a hook to call.

        Called after each advance of the scheduler.
        """
        context, state, info = self._context, self._state, self._context.manifest.info
        if isinstance(state, Evaluation) or context.gate.is_draining:
            return
        now_s = asyncio.get_running_loop().time()
        due_s = self._began_s + info.cycle_s
        if due_s > now_s and isinstance(state, Timed) and state.timer.when() <= due_s:
            return
        planner = scheduler.planner
        if planner is not self._planner:  # of another app: no condition of it is suspected yet
            self._planner = planner
            self._order = EvaluationOrder(context.config.condition_timeout_s)
        needed = set() if planner is None else planner.needed_custom_ids()
        has_hooks = context.gate.is_open and bool(info.hooks.get("cycle"))
        if not needed and not has_hooks:
            return
        due = self._order.due(needed, now_s)
        if not due and not has_hooks:  # all that are needed have a pause
            due_s = max(due_s, self._order.quarantine.next_s(needed) or due_s)
        if isinstance(state, Timed):
            state.timer.cancel()
        if due_s > now_s:
            timer = asyncio.get_running_loop().call_at(due_s, self._on_timer, scheduler)
            self._state = Timed(timer)
            return
        self._began_s = now_s
        number = 0 if planner is None else planner.customs.begin_evaluation()
        self._state = evaluation = Evaluation(planner, number, self._order.take_turn(due))
        context.jobs.start(self._run(scheduler, evaluation), "asking custom conditions")

    def _on_timer(self, scheduler: TaskScheduler) -> None:
        self._state = Idle()
        self.start_if_due(scheduler)

    async def _run(self, scheduler: TaskScheduler, evaluation: Evaluation) -> None:
        context, planner, customs = self._context, evaluation.planner, evaluation.customs
        self._internal_runs.cycles += 1
        try:
            params = {
                "texts": customs,
                "n_cycles": self._internal_runs.cycles,
                "started_at": context.started_at,
                "budget_s": BUDGET_S,
            }
            timeout_s = BUDGET_S + context.config.condition_timeout_s
            ended = await self._internal_runs.run(CYCLE_TASK, params, timeout_s)
            if planner is not None and planner is scheduler.planner:
                self._apply(planner, evaluation, ended)
            if ended.state is RunState.SUCCEEDED or not customs:
                record_failures(context, "cycle", ended)
        finally:
            self._state = Idle()
        if scheduler.planner is None:
            self.start_if_due(scheduler)
        else:
            scheduler.advance_soon()

    def _apply(self, planner: Planner, evaluation: Evaluation, ended: InternalRunOutcome) -> None:
        """Record the values of a run, and what its end says of conditions without one."""
        number, customs = evaluation.number, evaluation.customs
        values: Mapping[str, Any] = (ended.result or {}).get("answers", {})
        declared = self._context.manifest.info.custom  # the app may have changed meanwhile
        for custom, (value, error) in values.items():
            if custom not in declared:
                continue
            self._order.quarantine.release(custom)
            if value is not None:
                planner.events.record_custom_value(number, custom, value)
            elif ended.state is RunState.SUCCEEDED:
                self._record_failure(planner, number, custom, error)
            elif ended.by == TIMEOUT:
                limit = format_duration(self._context.config.condition_timeout_s)
                self._quarantine(planner, number, custom, f"it did not answer within {limit}")
        left = self._order.end_turn(customs, values)
        if left and not values and len(customs) == 1:
            self._quarantine(planner, number, customs[0], ended.why)
        elif left:
            self._began_s = START_NOW

    def _quarantine(self, planner: Planner, number: int, custom: str, error: str) -> None:
        """Put a condition in quarantine; the others, whose time it took, have their turn now."""
        self._order.quarantine.add(custom, asyncio.get_running_loop().time())
        self._began_s = START_NOW
        self._record_failure(planner, number, custom, error)

    def _record_failure(self, planner: Planner, number: int, custom: str, error: str) -> None:
        planner.events.record_custom_value(number, custom, None, error)
        halts = not self._context.manifest.info.silence_cond_check
        self._context.faults.record("condition", custom, error, halts=halts)
