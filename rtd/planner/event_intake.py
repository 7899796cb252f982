"""Events of runs, custom conditions and parameters, applied to the tasks of a planner."""

from collections.abc import Iterable, Mapping

from rtd.language.core.run_history import RUN
from rtd.language.core.view import Answer
from rtd.planner.agenda import Agenda
from rtd.planner.dependency_index import DependencyIndex
from rtd.planner.occurrence import Occurrence, OccurrenceVerdict
from rtd.planner.scheduled_task import ScheduledTask
from rtd.planner.view_factory import ViewFactory


class EventIntake:
    """Records events; the tasks that an event concerns are decided again.

    Args:
        tasks: all scheduled tasks by name.
        views: holds the run history and the custom conditions.
        index: the tasks that an event concerns.
        agenda: receives those tasks.
    """

    def __init__(
        self,
        tasks: Mapping[str, ScheduledTask],
        views: ViewFactory,
        index: DependencyIndex,
        agenda: Agenda,
    ) -> None:
        self._tasks = tasks
        self._views = views
        self._history = views.history
        self._index = index
        self._agenda = agenda

    # --- runs

    def record_start(self, name: str, run_id: str, at_us: int) -> None:
        """Record that a run which the planner did not start is queued."""
        if self._history.record_start(name, run_id, at_us):
            self._add_event(name, RUN, at_us)

    def record_begin(self, name: str, run_id: str, at_us: int) -> None:
        """Record that an executor has a run of a task in `DependencyIndex.begin_tasks`."""
        self._history.record_start(name, run_id, at_us)  # no event tells that a delayed run is due
        if self._history.record_begin(name, run_id, at_us):
            self._add_event(name, RUN, at_us)

    def record_end(self, name: str, action: str, run_id: str, at_us: int) -> None:
        """Record the end of a run: `success`, `fail`, `terminate`, or `inaction` if it never
        began."""
        self._history.record_end(name, action, run_id, at_us)
        self._add_event(name, action, at_us)

    def record_existing(self, name: str, run_id: str, at_us: int) -> None:
        """Record that the run of an occurrence was over before: its due moment is used up."""
        self._history.record_existing(name, run_id, at_us)
        self._agenda.add(self._own(name), at_us)

    def take_over(self, occurrences: Iterable[Occurrence]) -> list[Occurrence]:
        """Take over what the planner before this one decided and Redis may not have yet.

        Returns:
            Those whose runs count as active now.
        """
        runs = []
        for one in occurrences:
            task = self._tasks.get(one.task)
            if task is not None:
                is_catch_up = one.verdict is OccurrenceVerdict.CATCH_UP
                task.replace_catch_up(one.due_us, one.reason if is_catch_up else None)
            if one.verdict is OccurrenceVerdict.MISSED:
                self._history.use_up(one.task, one.due_us)
            if one.makes_run and one.task in self._index.watched_tasks:
                self._history.record_start(one.task, one.run_id, one.start_us)
                runs.append(one)
        return runs

    def occupy(self, name: str, run_id: str, at_us: int) -> None:
        """Hold a task back as if a run had started: one is about to be submitted."""
        self._history.occupy(name, run_id, at_us)

    def vacate(self, name: str, run_id: str) -> None:
        """Release a run that does not exist: one of `occupy`, or one that was taken over."""
        self._history.vacate(name, run_id)
        self._agenda.add(self._own(name))

    def _own(self, name: str) -> tuple[ScheduledTask, ...]:
        task = self._tasks.get(name)
        return () if task is None else (task,)

    def _add_event(self, name: str, action: str, at_us: int) -> None:
        self._agenda.add_event(self._own(name), at_us)
        self._agenda.add_event(self._index.dependents(name, action), at_us)

    # --- custom conditions and parameters

    def record_custom_value(
        self, evaluation: int, custom: str, value: bool | None, error: str = ""
    ) -> None:
        """Record the value of a custom condition; None: its evaluation failed, and it decides
        nothing."""
        answer = None if value is None else Answer(value)
        self._views.customs.values.record(evaluation, custom, answer, error)
        self._agenda.add(self._index.custom_dependents(custom))

    def set_task_value(self, custom: str, answer: Answer) -> None:
        """Set the value of a custom condition that a task's results give."""
        self._views.customs.values.set_task_value(custom, answer)
        self._agenda.add(self._index.custom_dependents(custom))

    def set_params(self, params: Mapping[str, object]) -> None:
        """Set all parameters of the session."""
        self._views.set_params(params)
        self._agenda.add(self._index.of_params)
