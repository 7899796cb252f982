"""The cycle: custom conditions are asked, and hooks of the cycle called, in the app's main lane.

Nothing is asked that decides nothing; an app without such conditions and hooks has no cycle.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rtd.common.units import format_duration
from rtd.model.internal_tasks import CYCLE
from rtd.model.run_states import State
from rtd.planner.planner import Planner
from rtd.supervisor.core.context import Core
from rtd.supervisor.internal.app_hooks import note_failures
from rtd.supervisor.internal.internal_runs import Ended, InnerRuns
from rtd.supervisor.scheduler.quarantine import Suspects
from rtd.supervisor.scheduler.scheduler import Scheduler

#: So long one run goes on to ask one condition after the other.
BUDGET_S: Final = 1.0
#: When the latest cycle began, for one that is not to wait for the next.
AT_ONCE: Final = float("-inf")
#: Who ended a run whose conditions took too long.
TIMEOUT: Final = "timeout"


class Cycle:
    """Asks what the planner wants to know, every so often and never twice at once.

    Args:
        core: the shared ground.
        inner: runs in the main lane.
        scheduler: whose planner wants to know.
    """

    def __init__(self, core: Core, inner: InnerRuns, scheduler: Scheduler) -> None:
        self._core = core
        self._inner = inner
        self._scheduler = scheduler
        self._timer: asyncio.TimerHandle | None = None
        self._going = False
        self._begun_s = AT_ONCE
        self._first: list[str] = []
        self._alone: list[str] = []
        self._suspects = Suspects(core.config.condition_timeout_s)
        self._suspected = False
        self._asker: Planner | None = None
        scheduler.on_turn = self.look

    def look(self) -> None:
        """Begin a cycle, if there is something to ask and it is time; called after each turn."""
        now_s = asyncio.get_running_loop().time()
        due_s = self._begun_s + self._core.manifest.info.cycle_s
        armed = self._timer is not None and self._timer.when() <= due_s
        if self._going or self._core.draining or (due_s > now_s and armed):
            return
        planner = self._scheduler.planner
        if planner is not self._asker:  # another app, where nobody is suspected yet
            self._asker, self._suspects = planner, Suspects(self._core.config.condition_timeout_s)
        wanted = set() if planner is None else planner.wanted()
        hooks = self._core.scheduling and self._core.manifest.info.hooks.get("cycle")
        if not wanted and not hooks:
            return
        texts = self._unsuspected(wanted, now_s)
        if not texts and not hooks:  # only such as are not to be asked yet
            due_s = max(due_s, self._suspects.next_s(wanted) or due_s)
        if due_s > now_s:
            self._arm(due_s)
            return
        self._going = True
        self._core.jobs.start(self._turn(planner, texts), "asking custom conditions")

    def _unsuspected(self, texts: set[str], now_s: float) -> set[str]:
        """Those that nothing speaks against, or one that is asked alone; in turns, if it is
        time for one such."""
        free = {text for text in texts if text not in self._suspects}
        due = [] if free and self._suspected else self._suspects.due(texts, now_s)
        return {due[0]} if due else free

    def _arm(self, due_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(due_s, self._due)

    def _due(self) -> None:
        self._timer = None
        self.look()

    async def _turn(self, planner: Planner | None, texts: set[str]) -> None:
        self._suspected = any(text in self._suspects for text in texts)
        core, chosen = self._core, self._chosen(texts)
        self._begun_s = asyncio.get_running_loop().time()
        self._inner.cycles += 1
        number = 0 if planner is None else planner.asked()
        try:
            params = {
                "texts": chosen,
                "n_cycles": self._inner.cycles,
                "started_at": core.started_at,
                "budget_s": BUDGET_S,
            }
            timeout_s = BUDGET_S + core.config.condition_timeout_s
            ended = await self._inner.carry_out(CYCLE, params, timeout_s)
            if planner is not None and planner is self._scheduler.planner:
                self._take(planner, number, chosen, ended)
            if ended.state is State.SUCCEEDED or not chosen:
                note_failures(core, "cycle", ended)
        finally:
            self._going = False
        if planner is None:
            self.look()
        else:
            self._scheduler.soon()

    def _chosen(self, texts: set[str]) -> list[str]:
        """What to ask in one run: those first that had no turn in the last one; one alone while
        it is not known which of them ended an executor."""
        if self._suspected:
            return list(texts)
        self._alone = [text for text in self._alone if text in texts]
        if self._alone:
            return [self._alone.pop(0)]
        first = [text for text in self._first if text in texts]
        return first + sorted(texts.difference(first))

    def _take(self, planner: Planner, number: int, chosen: Sequence[str], ended: Ended) -> None:
        answers: Mapping[str, Any] = (ended.result or {}).get("answers", {})
        named = self._core.manifest.info.custom  # the app may have changed meanwhile
        for text, (value, why) in answers.items():
            if text not in named:
                continue
            self._suspects.cleared(text)
            if value is not None:
                planner.answered(number, text, value)
            elif ended.state is State.SUCCEEDED:
                self._failed(planner, number, text, why)
            elif ended.by == TIMEOUT:
                limit = format_duration(self._core.config.condition_timeout_s)
                self._caught(planner, number, text, f"it did not answer within {limit}")
        self._first = [text for text in chosen if text not in answers]
        if answers or not chosen:
            if self._first:
                self._begun_s = AT_ONCE  # the budget was used up: the rest has its turn now
        elif len(chosen) == 1:
            self._caught(planner, number, chosen[0], ended.why)
        else:
            self._alone, self._begun_s = list(chosen), AT_ONCE

    def _caught(self, planner: Planner, number: int, text: str, why: str) -> None:
        """It has cost the others their time: they have their turn now."""
        self._suspects.caught(text, asyncio.get_running_loop().time())
        self._begun_s = AT_ONCE
        self._failed(planner, number, text, why)

    def _failed(self, planner: Planner, number: int, text: str, why: str) -> None:
        planner.answered(number, text, None, why)
        halts = not self._core.manifest.info.silence_cond_check
        self._core.faults.note("condition", text, why, halts=halts)
