"""Which entries an event, a parameter or an answer can concern."""

from collections.abc import Sequence
from typing import Final

from rtd.language.core.condition import ME, Poll
from rtd.language.leaves.param import Param
from rtd.language.leaves.scheduler import SchedulerCycles
from rtd.planner.entry import ScheduledTask

_NOBODY: Final[Sequence[ScheduledTask]] = ()


class DependencyIndex:
    """Of all entries, who names what.

    Attributes:
        polled: those on what nobody tells (the host, the scheduler's turns).
        of_params: those on parameters of the session.
        wants_host: some condition asks about the host.
    """

    __slots__ = ("_by_custom", "_dependents", "of_params", "polled", "wants_host")

    def __init__(self) -> None:
        self._dependents: dict[tuple[str, str], list[ScheduledTask]] = {}
        self._by_custom: dict[str, list[ScheduledTask]] = {}
        self.polled: list[ScheduledTask] = []
        self.of_params: list[ScheduledTask] = []
        self.wants_host = False

    def add(self, entry: ScheduledTask) -> None:
        """Another entry."""
        condition = entry.condition
        for task, action in condition.watches():
            if task not in {ME, entry.name}:
                self._dependents.setdefault((task, action), []).append(entry)
        for text in entry.custom_ids:
            self._by_custom.setdefault(text, []).append(entry)
        asks_host = Poll.HOST in condition.polls()
        self.wants_host |= asks_host
        leaves = list(condition.leaves())
        if asks_host or any(isinstance(leaf, SchedulerCycles) for leaf in leaves):
            self.polled.append(entry)
        if any(isinstance(leaf, Param) for leaf in leaves):
            self.of_params.append(entry)

    def dependents(self, task: str, action: str) -> Sequence[ScheduledTask]:
        """Those whose conditions an event of a task can change, but for the task's own."""
        return self._dependents.get((task, action), _NOBODY)

    def custom_dependents(self, text: str) -> Sequence[ScheduledTask]:
        """Those that name a custom condition."""
        return self._by_custom.get(text, _NOBODY)

    @property
    def named_tasks(self) -> set[str]:
        """The tasks that some condition of another one names."""
        return {task for task, _ in self._dependents}
