"""What rtd runs in an app's main lane for itself: conditions are asked, hooks are called.

The supervisor tells these functions what to do by their parameters, and reads what they return:
plain data. Nothing that the app's code raises gets out of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from inspect import isgeneratorfunction
from typing import TYPE_CHECKING, Any, Final

from rtd.model.internal_tasks import CYCLE_TASK, EVALUATE_TASK, SHUTDOWN_TASK, STARTUP_TASK
from rtd.model.manifest import TaskInfo
from rtd.session.app.scheduler_hooks import Scheduler
from rtd.session.core.describe_error import describe_error
from rtd.session.core.exceptions import Stopped
from rtd.session.core.hooks import HookScope, hook_name
from rtd.session.tasks.definition import TaskDefinition

if TYPE_CHECKING:
    from rtd.session.session import Session

#: Asks a custom condition by its text; raises what it raises.
Evaluate = Callable[[str], bool]
#: A value, or None and what went wrong.
EvaluationReply = list[Any]
#: Kind, name and message of something that failed.
Failure = tuple[str, str, str]


class InternalTasks:
    """The inner side of one executor.

    Args:
        session: the app's.
        ask: asks a custom condition.
    """

    def __init__(self, session: Session, ask: Evaluate) -> None:
        self._session = session
        self._ask = ask
        self._begun: dict[str, HookScope] = {}
        self._failures: list[Failure] = []

    def tasks(self) -> Mapping[str, TaskDefinition]:
        """What can be run, by its name."""
        targets: dict[str, Callable[..., Any]] = {
            CYCLE_TASK: self.run_cycle,
            EVALUATE_TASK: self.evaluate,
            STARTUP_TASK: self.run_hooks,
            SHUTDOWN_TASK: self.run_hooks,
        }
        return {
            name: TaskDefinition(target, TaskInfo(name, lane="main", hidden=True))
            for name, target in targets.items()
        }

    def run_cycle(
        self, texts: Sequence[str], n_cycles: int, started_at: float, budget_s: float
    ) -> dict[str, Any]:
        """Ask these conditions, within the hooks of the cycle.

        Args:
            budget_s: no further condition is asked once this time is over.

        Returns:
            `answers`: by text, a value or None with the reason; a text that is not among them
            was not asked. `failures`: of hooks.
        """
        failures = self.run_hooks("cycle", False, n_cycles, started_at)["failures"]
        answers = self._answers(texts, budget_s)
        failures += self.run_hooks("cycle", True, n_cycles, started_at)["failures"]
        return {"answers": answers, "failures": failures}

    def evaluate(self, text: str) -> dict[str, Any]:
        """Ask one condition.

        Returns:
            `answer`: a value, or None, and what went wrong.
        """
        return {"answer": self._answers([text], 0.0)[text]}

    def _answers(self, texts: Sequence[str], budget_s: float) -> dict[str, EvaluationReply]:
        until_s = time.monotonic() + budget_s
        answers: dict[str, EvaluationReply] = {}
        for text in texts:
            if answers and time.monotonic() > until_s:
                break
            try:
                answers[text] = [self._ask(text), ""]
            except Stopped:
                answers[text] = [None, "it did not answer in time"]
                break
            except BaseException as error:
                answers[text] = [None, describe_error(error)]
        return answers

    def run_hooks(self, kind: str, rest: bool, n_cycles: int, started_at: float) -> dict[str, Any]:
        """Call the hooks of a kind; with `rest`, what is left of those that were begun.

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
            late = None if begun is None else begun.last_hook
            name = f"hook_{kind}" if late is None else hook_name(late)
            failures.append(("hook", name, "it did not end in time"))
        return {"failures": failures}

    def _raised(self, name: str, error: BaseException) -> None:
        self._failures.append(("hook", name, describe_error(error)))


_NOTHING: Final[Mapping[str, TaskDefinition]] = {}


class _InternalTaskSlot:
    """What this executor can run of rtd's own."""

    def __init__(self) -> None:
        self.session: Session | None = None
        self._tasks: Mapping[str, TaskDefinition] = _NOTHING

    def find(self, name: str) -> TaskDefinition | None:
        """The task of that name. Made when it is first wanted: most executors never do."""
        if self._tasks is _NOTHING and self.session is not None:
            from rtd.session.core.custom_conditions import (
                evaluate_condition,  # lazy: many apps have none
            )

            self._tasks = InternalTasks(self.session, evaluate_condition).tasks()
        return self._tasks.get(name)


#: Of this process.
INTERNAL_TASKS: Final = _InternalTaskSlot()
