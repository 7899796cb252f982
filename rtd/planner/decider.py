"""The decision about one task: it starts, something holds it, or time goes on without it."""

from collections.abc import Callable
from typing import Final

from rtd.language.core.durations import SECOND
from rtd.language.core.evaluation import Evaluation
from rtd.language.core.run_history import RUN
from rtd.language.core.time_zones import NEVER
from rtd.planner.agenda import Agenda
from rtd.planner.dependency_index import DependencyIndex
from rtd.planner.occurrence import Occurrence, OccurrenceVerdict
from rtd.planner.scheduled_task import DISABLED, FAILING, ONCE, PAUSED, RUNNING, ScheduledTask
from rtd.planner.view_factory import ViewFactory

#: A run that starts so long after its due moment is late.
LATE_US: Final = SECOND
#: The longest wait before a task starts again whose runs fail, in seconds.
DAMPED_MAX_S: Final = 60


class StartDecider:
    """Decides for one task at a time whether it starts.

    Args:
        views: what conditions see.
        index: the tasks that a start concerns.
        agenda: receives those tasks, and the next wake-up of the decided one.
        run_id_of: makes the id of the run for a task's due moment.

    Attributes:
        paused: no task starts.
        started_us: the first start of a task that has not been evaluated since; NEVER: all have.
    """

    def __init__(
        self,
        views: ViewFactory,
        index: DependencyIndex,
        agenda: Agenda,
        run_id_of: Callable[[str, int], str],
    ) -> None:
        self.paused = False
        self.started_us = NEVER
        self._views = views
        self._history = views.history
        self._customs = views.customs
        self._index = index
        self._agenda = agenda
        self._run_id_of = run_id_of
        self._started: dict[ScheduledTask, int] = {}

    def decide(self, task: ScheduledTask, at_us: int, now_us: int) -> Occurrence | None:
        """Evaluate the condition at a moment, and start the task if it is true.

        Returns:
            The start, or a due moment that passed without one; None if there is neither.
        """
        if task in self._started:
            self.evaluate_started()
        if task.due_us is not None:  # the end of a run may be told after a later due moment
            at_us = max(at_us, task.due_us)
        if task.catch_ups and self.hold_reason(task) is None:
            if at_us < now_us:  # it starts now: after all that was due before
                self._agenda.add_event((task,), now_us)
                return None
            due_us, reason = task.take_catch_up()
            late = Occurrence(task.name, due_us, OccurrenceVerdict.LATE, reason, now_us)
            return self._start(task, late, is_catch_up=True)
        prediction, task.prediction = task.prediction, None
        if prediction is not None and prediction.at_us == at_us:
            value, until_us = prediction.value, prediction.until_us
        else:
            value, until_us = self.evaluate(task, at_us)
        skipped = None
        if value:
            task.mark_true(at_us)
            held_by, again_us = self.hold_reason(task), self.damped_until_us(task)
            if held_by is None and again_us <= max(at_us, now_us):
                held_us = self._history.last_failure_us(task.name)
                return self._start(task, _occurrence(task, at_us, now_us, held_us))
            task.mark_held(held_by or FAILING)
            until_us = until_us if held_by else min(until_us, again_us)
        else:
            if task.due_us is not None and task.newly_true and task.skip_reason:
                skipped = Occurrence(
                    task.name, task.due_us, OccurrenceVerdict.SKIPPED, task.skip_reason
                )
            task.mark_false()
        self._agenda.set_wake(task, until_us)
        return skipped

    def evaluate(self, task: ScheduledTask, at_us: int) -> Evaluation:
        """Return the value of a condition at a moment, and until when it holds."""
        view = self._views.move(task, at_us)
        if task.custom_ids:
            return self._customs.evaluate(task, view, self._block_reason(task) is not None)
        return task.condition.evaluate(view)

    def hold_reason(self, task: ScheduledTask) -> str | None:
        """Return why the task does not start while its condition is true; None: it starts."""
        reason = self._block_reason(task)
        if reason is not None or not task.overlap:
            return reason
        return None if task.newly_true or task.catch_ups else ONCE

    def damped_until_us(self, task: ScheduledTask) -> int:
        """Return until when a task does not start whose runs end without success at once, while its
        condition stays true, or comes true by those ends. 0: no wait.

        The wait after the second such end is a second, then twice as long after each, at most a
        minute. A condition that has come true by anything else starts the task at once.
        """
        failures = self._history.failures(task.name)
        if failures < 2:
            return 0
        ended_us = self._history.last_failure_us(task.name)
        if task.newly_true and task.due_us != ended_us:
            return 0
        wait_s = min(1 << min(failures - 2, 10), DAMPED_MAX_S)
        return ended_us + wait_s * SECOND

    def _block_reason(self, task: ScheduledTask) -> str | None:
        """Return what keeps the task from starting for any value of its condition."""
        if self.paused:
            return PAUSED
        if not task.enabled:
            return DISABLED
        return RUNNING if not task.overlap and self._history.active_runs(task.name) else None

    def _start(
        self, task: ScheduledTask, occurrence: Occurrence, is_catch_up: bool = False
    ) -> Occurrence:
        name, start_us = task.name, occurrence.start_us
        known_us = NEVER if is_catch_up else self._history.known_start_us(name)
        run_id = self._run_id_of(name, occurrence.due_us)
        occurrence = occurrence._replace(run_id=run_id, known_us=known_us)
        task.mark_started(occurrence.due_us)
        self._history.record_start(name, occurrence.run_id, start_us)
        if task.custom_ids:
            self._customs.mark_used(task)
        self._agenda.add_event(self._index.dependents(name, RUN), start_us)
        self._started[task] = start_us
        self.started_us = min(self.started_us, start_us)
        return occurrence

    def evaluate_started(self) -> bool:
        """Re-evaluate the conditions of the tasks just started. Return whether there were any.

        To be called before anything later is decided or recorded: evaluated for a later moment, a
        condition that has come true again would seem to have been true since the start.
        """
        if not self._started:
            return False
        started, self._started, self.started_us = self._started, {}, NEVER
        for task, start_us in started.items():
            value, until_us = self.evaluate(task, start_us)
            if value:
                task.mark_still_true(start_us)
            if task.catch_ups and task.overlap:
                self._agenda.add_event((task,), start_us)
            self._agenda.set_wake(task, until_us)
        return True


def _occurrence(task: ScheduledTask, at_us: int, now_us: int, held_us: int) -> Occurrence:
    """Return the start of a due task, with its due moment and whether that is late.

    Args:
        held_us: since when a task has waited that starts less often since its runs fail.
    """
    assert task.due_us is not None
    is_damped = task.skip_reason == FAILING
    first_us = task.due_us if task.newly_true else held_us if is_damped else at_us
    due_us = max(first_us, task.last_due_us + 1)
    reason = task.skip_reason if task.newly_true or is_damped else ""
    start_us = max(due_us, at_us)
    if max(start_us, now_us) - due_us <= LATE_US:
        return Occurrence(task.name, due_us, OccurrenceVerdict.RAN, reason, start_us)
    return Occurrence(task.name, due_us, OccurrenceVerdict.LATE, reason or "it was late", start_us)
