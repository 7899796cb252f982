"""rtd's own runs in an app's main lane: they evaluate custom conditions and call hooks.

The supervisor submits them with parameters and reads their results, plain data. No exception of
the app's code leaves them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from inspect import isgeneratorfunction
from typing import Any, Final

from rtd.model.internal_tasks import (
    CYCLE_TASK,
    EVALUATE_TASK,
    OUTCOMES_TASK,
    SHUTDOWN_TASK,
    STARTUP_TASK,
)
from rtd.model.lanes import MAIN_LANE
from rtd.model.manifest import TaskInfo
from rtd.session.app.scheduler_hooks import Scheduler
from rtd.session.core.app_errors import Stopped, describe_error
from rtd.session.core.hooks import HookScope, hook_name
from rtd.session.core.task_definition import TaskDefinition
from rtd.session.session import Session

#: Evaluates a custom condition by its text; raises what its function raises.
Evaluate = Callable[[str], bool]
#: A value and an empty text, or None and the reason.
EvaluationReply = list[Any]
#: Kind, name and message of something that failed.
Failure = tuple[str, str, str]


class InternalTasks:
    """rtd's own tasks in one executor.

    Args:
        session: the app's.
        evaluate_text: evaluates a custom condition.
    """

    def __init__(self, session: Session, evaluate_text: Evaluate) -> None:
        self._session = session
        self._evaluate = evaluate_text
        self._begun: dict[str, HookScope] = {}
        self._failures: list[Failure] = []

    def tasks(self) -> Mapping[str, TaskDefinition]:
        """Return the tasks by their names."""
        targets: dict[str, Callable[..., Any]] = {
            CYCLE_TASK: self.run_cycle,
            EVALUATE_TASK: self.evaluate,
            STARTUP_TASK: self.run_hooks,
            SHUTDOWN_TASK: self.run_hooks,
            OUTCOMES_TASK: self.deliver_outcomes,
        }
        scope = self._session.run_scope
        return {
            name: TaskDefinition(
                target,
                TaskInfo(name, lane=MAIN_LANE, hidden=True),
                # Each outcome has a scope of its own: that of the run which has ended.
                run_scope=None if name == OUTCOMES_TASK else scope,
            )
            for name, target in targets.items()
        }

    def run_cycle(
        self, texts: Sequence[str], n_cycles: int, started_at: float, budget_s: float
    ) -> dict[str, Any]:
        """Evaluate conditions, within the hooks of the cycle.

        Args:
            texts: the conditions.
            n_cycles, started_at: of the scheduler, for the hooks.
            budget_s: no further condition is evaluated once this time is over.

        Returns:
            `answers`: by text, a value or None with the reason; without the texts that were not
            evaluated. `failures`: of hooks.
        """
        failures = self.run_hooks("cycle", False, n_cycles, started_at)["failures"]
        answers = self._answers(texts, budget_s)
        failures += self.run_hooks("cycle", True, n_cycles, started_at)["failures"]
        return {"answers": answers, "failures": failures}

    def evaluate(self, text: str) -> dict[str, Any]:
        """Evaluate one condition.

        Returns:
            `answer`: a value, or None, and the reason.
        """
        return {"answer": self._answers([text], 0.0)[text]}

    def _answers(self, texts: Sequence[str], budget_s: float) -> dict[str, EvaluationReply]:
        until_s = time.monotonic() + budget_s
        answers: dict[str, EvaluationReply] = {}
        for text in texts:
            if answers and time.monotonic() > until_s:
                break
            try:
                answers[text] = [self._evaluate(text), ""]
            except Stopped:
                answers[text] = [None, "it did not answer in time"]
                break
            except BaseException as error:
                answers[text] = [None, describe_error(error)]
        return answers

    def run_hooks(self, kind: str, rest: bool, n_cycles: int, started_at: float) -> dict[str, Any]:
        """Call the hooks of a kind; with `rest`, the part of generators behind their `yield`.

        Returns:
            `failures`.
        """
        failures = self._failures = []
        begun: HookScope | None = None
        try:
            if rest:
                begun = self._begun.pop(kind, None)
                if begun is not None:
                    begun.after()
                elif any(map(isgeneratorfunction, getattr(self._session.hooks, kind))):
                    why = "the process that had begun it has ended, and its rest with it"
                    failures.append(("hook", f"hook_{kind}", why))
            else:
                hooks = getattr(self._session.hooks, kind)
                begun = self._begun[kind] = HookScope(hooks, self._raised)
                begun.before(Scheduler(self._session, n_cycles, started_at))
        except Stopped:
            last = None if begun is None else begun.last_hook
            name = f"hook_{kind}" if last is None else hook_name(last)
            failures.append(("hook", name, "it did not end in time"))
        return {"failures": failures}

    def deliver_outcomes(self, records: Sequence[bytes]) -> dict[str, Any]:
        """Tell middleware how attempts ended, see `rtd.session.app.deliver_outcomes`."""
        from rtd.session.app.deliver_outcomes import (
            deliver_outcomes,  # lazy: many apps have no middleware
        )

        return deliver_outcomes(self._session, records)

    def _raised(self, name: str, error: BaseException) -> None:
        self._failures.append(("hook", name, describe_error(error)))


_NOTHING: Final[Mapping[str, TaskDefinition]] = {}


class _InternalTaskSlot:
    """The internal tasks of this process."""

    def __init__(self) -> None:
        self.session: Session | None = None
        self._tasks: Mapping[str, TaskDefinition] = _NOTHING

    def find(self, name: str) -> TaskDefinition | None:
        """Return the task of a name. All are made at the first call: most executors need none."""
        if self._tasks is _NOTHING and self.session is not None:
            from rtd.session.core.condition_registry import (
                evaluate_condition,  # lazy: many apps have none
            )

            self._tasks = InternalTasks(self.session, evaluate_condition).tasks()
        return self._tasks.get(name)


INTERNAL_TASKS: Final = _InternalTaskSlot()
