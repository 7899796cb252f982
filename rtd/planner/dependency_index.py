"""Which entries an event, a parameter or an answer can concern."""

from collections.abc import Sequence
from typing import Final

from rtd.language.core.condition import ME, Poll
from rtd.language.leaves.param import Param
from rtd.language.leaves.scheduler import SchedulerCycles
from rtd.planner.entry import Entry

_NOBODY: Final[Sequence[Entry]] = ()


class Index:
    """Of all entries, who names what.

    Attributes:
        polled: those on what nobody tells (the host, the scheduler's turns).
        of_params: those on parameters of the session.
        wants_host: some condition asks about the host.
    """

    __slots__ = ("_dependents", "_texts", "of_params", "polled", "wants_host")

    def __init__(self) -> None:
        self._dependents: dict[tuple[str, str], list[Entry]] = {}
        self._texts: dict[str, list[Entry]] = {}
        self.polled: list[Entry] = []
        self.of_params: list[Entry] = []
        self.wants_host = False

    def add(self, entry: Entry) -> None:
        """Another entry."""
        condition = entry.condition
        for task, action in condition.watches():
            if task not in {ME, entry.name}:
                self._dependents.setdefault((task, action), []).append(entry)
        for text in entry.texts:
            self._texts.setdefault(text, []).append(entry)
        asks_host = Poll.HOST in condition.polls()
        self.wants_host |= asks_host
        leaves = list(condition.leaves())
        if asks_host or any(isinstance(leaf, SchedulerCycles) for leaf in leaves):
            self.polled.append(entry)
        if any(isinstance(leaf, Param) for leaf in leaves):
            self.of_params.append(entry)

    def dependents(self, task: str, action: str) -> Sequence[Entry]:
        """Those whose conditions an event of a task can change, but for the task's own."""
        return self._dependents.get((task, action), _NOBODY)

    def asking(self, text: str) -> Sequence[Entry]:
        """Those that name a custom condition."""
        return self._texts.get(text, _NOBODY)

    @property
    def tasks(self) -> set[str]:
        """The tasks that some condition of another one names."""
        return {task for task, _ in self._dependents}
