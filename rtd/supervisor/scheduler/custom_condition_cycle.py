"""The cycle: custom conditions are asked, and hooks of the cycle called, in the app's main lane.

Nothing is asked that decides nothing; an app without such conditions and hooks has no cycle.
"""

import asyncio
from collections.abc import Mapping, Sequence
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
from rtd.supervisor.scheduler.quarantine import Quarantine
from rtd.supervisor.scheduler.scheduler import TaskScheduler

#: So long one run goes on to ask one condition after the other.
BUDGET_S: Final = 1.0
#: When the latest cycle began, for one that is not to wait for the next.
START_NOW: Final = float("-inf")
#: Who ended a run whose conditions took too long.
TIMEOUT: Final = "timeout"


class CustomConditionCycle:
    """Asks what the planner wants to know, every so often and never twice at once.

    Args:
        context: what the parts of the supervisor share.
        inner: runs in the main lane.
        scheduler: whose planner wants to know.
    """

    def __init__(
        self, context: SupervisorContext, inner: InternalRuns, scheduler: TaskScheduler
    ) -> None:
        self._context = context
        self._inner = inner
        self._scheduler = scheduler
        self._timer: asyncio.TimerHandle | None = None
        self._going = False
        self._begun_s = START_NOW
        self._first: list[str] = []
        self._alone: list[str] = []
        self._quarantine = Quarantine(context.config.condition_timeout_s)
        self._has_quarantined = False
        self._asker: Planner | None = None
        scheduler.on_advance = self.start_if_due

    def start_if_due(self) -> None:
        """Begin a cycle, if there is something to ask and it is time; called after each turn."""
        now_s = asyncio.get_running_loop().time()
        due_s = self._begun_s + self._context.manifest.info.cycle_s
        armed = self._timer is not None and self._timer.when() <= due_s
        if self._going or self._context.gate.is_draining or (due_s > now_s and armed):
            return
        planner = self._scheduler.planner
        if planner is not self._asker:  # another app, where nobody is suspected yet
            self._asker, self._quarantine = (
                planner,
                Quarantine(self._context.config.condition_timeout_s),
            )
        wanted = set() if planner is None else planner.needed_custom_ids()
        hooks = self._context.gate.is_open and self._context.manifest.info.hooks.get("cycle")
        if not wanted and not hooks:
            return
        texts = self._select_due(wanted, now_s)
        if not texts and not hooks:  # only such as are not to be asked yet
            due_s = max(due_s, self._quarantine.next_s(wanted) or due_s)
        if due_s > now_s:
            self._arm(due_s)
            return
        self._going = True
        self._context.jobs.start(self._run(planner, texts), "asking custom conditions")

    def _select_due(self, texts: set[str], now_s: float) -> set[str]:
        """Those that nothing speaks against, or one that is asked alone; in turns, if it is
        time for one such."""
        free = {text for text in texts if text not in self._quarantine}
        due = [] if free and self._has_quarantined else self._quarantine.due(texts, now_s)
        return {due[0]} if due else free

    def _arm(self, due_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(due_s, self._due)

    def _due(self) -> None:
        self._timer = None
        self.start_if_due()

    async def _run(self, planner: Planner | None, texts: set[str]) -> None:
        self._has_quarantined = any(text in self._quarantine for text in texts)
        context, chosen = self._context, self._chosen(texts)
        self._begun_s = asyncio.get_running_loop().time()
        self._inner.cycles += 1
        number = 0 if planner is None else planner.customs.begin_evaluation()
        try:
            params = {
                "texts": chosen,
                "n_cycles": self._inner.cycles,
                "started_at": context.started_at,
                "budget_s": BUDGET_S,
            }
            timeout_s = BUDGET_S + context.config.condition_timeout_s
            ended = await self._inner.run(CYCLE_TASK, params, timeout_s)
            if planner is not None and planner is self._scheduler.planner:
                self._take(planner, number, chosen, ended)
            if ended.state is RunState.SUCCEEDED or not chosen:
                record_failures(context, "cycle", ended)
        finally:
            self._going = False
        if planner is None:
            self.start_if_due()
        else:
            self._scheduler.advance_soon()

    def _chosen(self, texts: set[str]) -> list[str]:
        """What to ask in one run: those first that had no turn in the last one; one alone while
        it is not known which of them ended an executor."""
        if self._has_quarantined:
            return list(texts)
        self._alone = [text for text in self._alone if text in texts]
        if self._alone:
            return [self._alone.pop(0)]
        first = [text for text in self._first if text in texts]
        return first + sorted(texts.difference(first))

    def _take(
        self, planner: Planner, number: int, chosen: Sequence[str], ended: InternalRunOutcome
    ) -> None:
        answers: Mapping[str, Any] = (ended.result or {}).get("answers", {})
        named = self._context.manifest.info.custom  # the app may have changed meanwhile
        for text, (value, why) in answers.items():
            if text not in named:
                continue
            self._quarantine.release(text)
            if value is not None:
                planner.events.record_custom_value(number, text, value)
            elif ended.state is RunState.SUCCEEDED:
                self._failed(planner, number, text, why)
            elif ended.by == TIMEOUT:
                limit = format_duration(self._context.config.condition_timeout_s)
                self._add_to_quarantine(planner, number, text, f"it did not answer within {limit}")
        self._first = [text for text in chosen if text not in answers]
        if answers or not chosen:
            if self._first:
                self._begun_s = START_NOW  # the budget was used up: the rest has its turn now
        elif len(chosen) == 1:
            self._add_to_quarantine(planner, number, chosen[0], ended.why)
        else:
            self._alone, self._begun_s = list(chosen), START_NOW

    def _add_to_quarantine(self, planner: Planner, number: int, text: str, why: str) -> None:
        """It has cost the others their time: they have their turn now."""
        self._quarantine.add(text, asyncio.get_running_loop().time())
        self._begun_s = START_NOW
        self._failed(planner, number, text, why)

    def _failed(self, planner: Planner, number: int, text: str, why: str) -> None:
        planner.events.record_custom_value(number, text, None, why)
        halts = not self._context.manifest.info.silence_cond_check
        self._context.faults.record("condition", text, why, halts=halts)
