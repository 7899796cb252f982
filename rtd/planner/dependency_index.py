"""Which tasks an event, a parameter or a custom condition concerns."""

from collections.abc import Iterable, Sequence
from typing import Final

from rtd.language.core.condition import Condition
from rtd.language.core.evaluation import ME, Poll
from rtd.language.core.run_history import RUN
from rtd.language.leaves.param import Param
from rtd.language.leaves.scheduler import SchedulerCycles
from rtd.planner.scheduled_task import ScheduledTask

_NONE: Final[Sequence[ScheduledTask]] = ()


class DependencyIndex:
    """The names in the conditions of all tasks.

    Attributes:
        watched_tasks: names of the tasks whose runs matter: those with conditions, and those
            that conditions name.
        begin_tasks: names of the tasks of which a condition of another task asks whether they
            are running or have started.
        polled: the tasks whose conditions change without an event: on the host, or on the
            scheduler's cycles.
        of_params: the tasks whose conditions name a parameter of the session.
        wants_host: some condition asks about the host.
    """

    __slots__ = (
        "_by_custom",
        "_dependents",
        "begin_tasks",
        "of_params",
        "polled",
        "wants_host",
        "watched_tasks",
    )

    def __init__(self) -> None:
        self._dependents: dict[tuple[str, str], list[ScheduledTask]] = {}
        self._by_custom: dict[str, list[ScheduledTask]] = {}
        self.watched_tasks: set[str] = set()
        self.begin_tasks: set[str] = set()
        self.polled: list[ScheduledTask] = []
        self.of_params: list[ScheduledTask] = []
        self.wants_host = False

    def add(self, task: ScheduledTask) -> None:
        """Add the names in the start condition of a task."""
        condition = task.condition
        self.watched_tasks.add(task.name)
        for name, action in condition.watches():
            if name not in {ME, task.name}:
                self._dependents.setdefault((name, action), []).append(task)
                self.watched_tasks.add(name)
        self.add_begins(condition)
        for custom in task.custom_ids:
            self._by_custom.setdefault(custom, []).append(task)
        asks_host = Poll.HOST in condition.polls()
        self.wants_host |= asks_host
        leaves = list(condition.leaves())
        if asks_host or any(isinstance(leaf, SchedulerCycles) for leaf in leaves):
            self.polled.append(task)
        if any(isinstance(leaf, Param) for leaf in leaves):
            self.of_params.append(task)

    def add_end_condition(self, name: str, condition: Condition) -> None:
        """Add the names in the end condition of a task."""
        self.watch_tasks(task or name for task in condition.depends())
        self.add_begins(condition)

    def add_begins(self, condition: Condition) -> None:
        """Add the tasks of which a condition asks whether they are running or have started."""
        watches = condition.watches()
        self.begin_tasks.update(task for task, action in watches if action == RUN and task != ME)

    def watch_tasks(self, names: Iterable[str]) -> None:
        """Add tasks whose runs matter, too."""
        self.watched_tasks.update(names)

    def dependents(self, name: str, action: str) -> Sequence[ScheduledTask]:
        """Return the other tasks whose conditions an event of a task can change."""
        return self._dependents.get((name, action), _NONE)

    def custom_dependents(self, custom: str) -> Sequence[ScheduledTask]:
        """Return the tasks whose conditions name a custom condition."""
        return self._by_custom.get(custom, _NONE)
