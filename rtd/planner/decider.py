"""What a look at an entry leads to: it starts, it is held, or it is to be looked at later."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from rtd.language.core.condition import Condition, Look
from rtd.language.core.run_history import RUN
from rtd.language.time.durations import SECOND
from rtd.planner.dependency_index import Index
from rtd.planner.entry import DISABLED, ONCE, PAUSED, RUNNING, Entry
from rtd.planner.occurrence import Occurrence, Verdict, occurrence_id
from rtd.planner.view_factory import Sight
from rtd.planner.wake_heap import Wakes

#: A run that begins so long after its moment is late.
LATE_US: Final = SECOND
#: An entry is to be looked at when the planner next decides, not for an earlier moment.
NOW: Final = 0


class Decider:
    """The entries of a planner, and the decisions about them.

    Args:
        started_us: when the scheduler started, for conditions that ask.
        zone: IANA name of the local time of tasks that name none.
        env: of the daemon.
        read: makes the condition of a text.

    Attributes:
        past: what is remembered of runs; told by `started`, `ended` and `past` itself.
        now_us: the moment up to which everything has been decided.
        paused: nothing starts.
        names: of all tasks that exist.
        wakes: when the clock alone may start something.
        run_id_of: names the run of a task's due moment.
        dirty: who is to be looked at, and for which moment (`NOW`: the next one).
    """

    def __init__(
        self, started_us: int, zone: str, env: Mapping[str, str], read: Callable[[str], Condition]
    ) -> None:
        self.now_us = started_us
        self.paused = False
        self.entries: dict[str, Entry] = {}
        self.wakes = Wakes()
        self.dirty: dict[Entry, int] = {}
        self._read = read
        self._sight = Sight(started_us, zone, env)
        self._index = Index()
        self._started: dict[Entry, int] = {}
        self.run_id_of = occurrence_id
        self.past, self.names = self._sight.past, self._sight.names

    def _touch(self, task: str, action: str, at_us: int) -> None:
        entry = self.entries.get(task)
        if entry is not None:
            self.dirty[entry] = at_us
            entry.ahead = None
        for entry in self._index.dependents(task, action):
            self.dirty[entry] = at_us
            entry.ahead = None

    def _touch_all(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self.dirty.setdefault(entry, NOW)
            entry.ahead = None

    def _look(self, entry: Entry, at_us: int, found: list[Occurrence]) -> None:
        """Ask a condition, and start its task if that is what it says."""
        if entry in self._started:
            self._look_behind()
        if entry.backlog and self.hold(entry) is None:
            due_us, why = entry.backlog.pop(0)
            late = Occurrence(entry.name, due_us, Verdict.LATE, why, self.now_us)
            found.append(self._start(entry, late))
            return
        ahead, entry.ahead = entry.ahead, None
        if ahead is not None and ahead.at_us == at_us:
            value, until_us = ahead.value, ahead.until_us
        else:
            value, until_us = self.ask(entry, at_us)
        if not value:
            if entry.due_us is not None and entry.fresh and entry.held:
                found.append(Occurrence(entry.name, entry.due_us, Verdict.SKIPPED, entry.held))
            entry.due_us, entry.held = None, ""
        else:
            if entry.due_us is None:
                entry.due_us, entry.fresh = at_us, True
            hold = self.hold(entry)
            if hold is None:
                found.append(self._start(entry, self._occurrence(entry, at_us)))
                return
            entry.held = hold
        self.wakes.set(entry, until_us)

    def ask(self, entry: Entry, at_us: int) -> Look:
        """What a condition says at a moment, and until when."""
        view = self._sight.move(entry, at_us)
        if entry.texts:
            return self._sight.asking.look(entry, view, self._blocked(entry) is not None)
        return entry.condition.look(view)

    def hold(self, entry: Entry) -> str | None:
        """What keeps a task from starting though its condition is true."""
        blocked = self._blocked(entry)
        if blocked is not None or not entry.overlap:
            return blocked
        return None if entry.fresh or entry.backlog else ONCE

    def _blocked(self, entry: Entry) -> str | None:
        """What keeps a task from starting whatever its condition says."""
        if self.paused:
            return PAUSED
        if not entry.enabled:
            return DISABLED
        return RUNNING if not entry.overlap and self.past.going(entry.name) else None

    def _occurrence(self, entry: Entry, at_us: int) -> Occurrence:
        assert entry.due_us is not None
        due_us = entry.due_us if entry.fresh else at_us
        due_us = max(due_us, entry.last_us + 1)
        held = entry.held if entry.fresh else ""
        start_us = max(due_us, at_us)
        if max(start_us, self.now_us) - due_us <= LATE_US:
            return Occurrence(entry.name, due_us, Verdict.RAN, held, start_us)
        return Occurrence(entry.name, due_us, Verdict.LATE, held or "it was late", start_us)

    def _start(self, entry: Entry, fired: Occurrence) -> Occurrence:
        fired = fired._replace(run_id=self.run_id_of(entry.name, fired.due_us))
        entry.last_us = max(entry.last_us, fired.due_us)
        entry.due_us, entry.held = None, ""
        self.past.start(entry.name, fired.run_id, fired.start_us)
        if entry.texts:
            self._sight.asking.used(entry)
        for other in self._index.dependents(entry.name, RUN):
            self.dirty[other] = fired.start_us
            other.ahead = None
        self._started[entry] = fired.start_us
        return fired

    def _look_behind(self) -> None:
        """What the conditions of those that were started say since; after all were started, for
        they are not to wait for it."""
        started, self._started = self._started, {}
        for entry, start_us in started.items():
            value, until_us = self.ask(entry, start_us)
            if value:
                entry.due_us, entry.fresh = start_us, False
            if entry.backlog and entry.overlap:
                self.dirty[entry] = start_us
            self.wakes.set(entry, until_us)
