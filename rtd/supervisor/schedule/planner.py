"""The planner: which task starts now, and when to look again. No clock, no I/O.

Cost follows what changes: a task is looked at when time may have changed its condition (a heap
of those moments), or after an event that its condition names (an index). Nothing else is done,
however many tasks there are.
"""

import dataclasses
import heapq
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from rtd.conditions.base import ME, Condition, Poll
from rtd.conditions.leaves.has import STATUSES, Has
from rtd.conditions.leaves.param import Param
from rtd.conditions.leaves.scheduler import SchedulerCycles
from rtd.conditions.ledger import RUN
from rtd.conditions.reader import parse
from rtd.conditions.spans import SECOND
from rtd.conditions.view import Host, Sample, View, World
from rtd.conditions.zones import NEVER, Zone, zone_of
from rtd.model.schedule import Schedule, read_catch_up
from rtd.supervisor.schedule.entry import DISABLED, ONCE, PAUSED, RUNNING, Entry
from rtd.supervisor.schedule.misfires import judge
from rtd.supervisor.schedule.occurrence import Occurrence, Verdict, occurrence_id
from rtd.supervisor.schedule.past import Past

#: A run that begins so long after its moment is late.
LATE_US: Final = SECOND
#: Conditions on what nobody tells (the host, the scheduler's turns) are asked so often.
POLL_US: Final = 5 * SECOND
#: An entry is to be looked at when the planner next decides, not for an earlier moment.
NOW: Final = 0


class Planner:
    """All scheduled tasks of one app.

    Args:
        started_us: when the scheduler started, for conditions that ask.
        zone: IANA name of the local time of tasks that name none.

    Attributes:
        past: what is remembered of runs; told by `started`, `ended` and `past` itself.
        now_us: the moment up to which everything has been decided.
        paused: nothing starts.
        names: of all tasks that exist.
        wants_host: the host is to be measured before each turn (`set_host`).
    """

    def __init__(
        self, started_us: int, zone: str = "UTC", env: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.past = Past()
        self.now_us = started_us
        self.paused = False
        self.entries: dict[str, Entry] = {}
        self._zone = zone
        self.heap: list[tuple[int, int, Entry]] = []
        self._pushed = 0
        self._dependents: dict[tuple[str, str], list[Entry]] = {}
        self.dirty: dict[Entry, int] = {}
        self._started: dict[Entry, int] = {}
        self._polled: list[Entry] = []
        self._of_params: list[Entry] = []
        self._poll_us = NEVER
        self._also: set[str] = set()
        self.names: set[str] = set()
        self.wants_host = False
        self._view = View(
            started_us / SECOND,
            history=self.past,
            scheduler_started=started_us / SECOND,
            tz=zone,
            world=World(env=env, tasks=self.names),
        )

    # --- tasks

    def add(self, name: str, schedule: Schedule) -> None:
        """A task with a start condition. Its condition has been read before, so it can be."""
        assert schedule.start is not None
        condition = parse(schedule.start)
        zone = zone_of(schedule.timezone or self._zone)
        catch_up = read_catch_up(schedule.catch_up)
        entry = Entry(name, condition, zone, catch_up, schedule.overlap)
        self.entries[name] = entry
        self.names.add(name)
        for task, action in condition.watches():
            if task not in {ME, name}:
                self._dependents.setdefault((task, action), []).append(entry)
        self._keep(name, condition, zone)
        asks_host = Poll.HOST in condition.polls()
        self.wants_host |= asks_host
        if asks_host or any(isinstance(x, SchedulerCycles) for x in condition.leaves()):
            self._polled.append(entry)
        if any(isinstance(leaf, Param) for leaf in condition.leaves()):
            self._of_params.append(entry)

    @property
    def watched(self) -> set[str]:
        """The tasks whose events matter: those with conditions, and those that they name."""
        return self.entries.keys() | {task for task, _ in self._dependents} | self._also

    def add_end(self, name: str, condition: Condition, zone: str | None) -> None:
        """A task with an end condition: whoever watches its runs asks by `view_of_run`."""
        self._also.update(task or name for task in condition.depends())
        self._keep(name, condition, zone_of(zone or self._zone))

    def view_of_run(self, task: str, zone: str | None, now_us: int, sample: Sample) -> View:
        """How a run of a task sees a moment."""
        view = self._view.of(task, sample)
        view.now_us = max(now_us, self.past.newest_us)
        view.zone = zone_of(zone or self._zone)
        view.shown_in = view.zone.tz
        self.past.me = task
        return view

    def _keep(self, name: str, condition: Condition, zone: Zone) -> None:
        """Remember what its windows ask for."""
        for leaf in condition.leaves():
            if isinstance(leaf, Has) and leaf.window is not None:
                self.past.keep(leaf.task or name, STATUSES[leaf.status], leaf.window, zone)

    def set_host(self, host: Host) -> None:
        """What was measured of the host."""
        self._view.world = dataclasses.replace(self._view.world, host=host)

    def set_params(self, params: Mapping[str, object]) -> None:
        """The session's parameters, all of them: who asks for one is looked at again."""
        self._view.world = dataclasses.replace(self._view.world, params=dict(params))
        for entry in self._of_params:
            self.dirty.setdefault(entry, NOW)
            entry.ahead = None

    def owe(self, task: str, due_us: int, why: str) -> None:
        """A due moment that an earlier scheduler meant to make up for; in their order."""
        entry = self.entries[task]
        entry.backlog = [*(entry.backlog or ()), (due_us, why)]
        entry.last_us = max(entry.last_us, due_us)

    # --- what happens

    def begin(self, now_us: int, alive_us: int | None = None) -> list[Occurrence]:
        """Everything has been added and remembered: look at every task.

        Args:
            alive_us: up to when an earlier scheduler had decided; due moments between it and
                now are judged by the catch-up policies. None: there was none.
        """
        found: list[Occurrence] = []
        if alive_us is not None:
            found = self._judge(self.entries.values(), alive_us, now_us, "rtd was not running")
        self.now_us = now_us
        self.dirty = dict.fromkeys(self.entries.values(), now_us)
        if self._polled:
            self._poll_us = now_us + POLL_US
        return found + self.advance(now_us)

    def advance(self, now_us: int) -> list[Occurrence]:
        """Decide everything up to now. Time never goes back here; see `set_back`."""
        self._look_behind()
        self.now_us = now_us = max(now_us, self.now_us)
        self._view.cycles += 1
        found: list[Occurrence] = []
        if self._poll_us <= now_us:
            self._poll_us = now_us + POLL_US
            for entry in self._polled:
                self.dirty.setdefault(entry, now_us)
        heap = self.heap
        while True:
            while self.dirty:
                dirty, self.dirty = self.dirty, {}
                for entry, at_us in dirty.items():
                    self._look(entry, at_us or now_us, found)
            if not heap or heap[0][0] > now_us:
                break
            at_us, _, entry = heapq.heappop(heap)
            if entry.wake_us == at_us:
                entry.wake_us = NEVER
                self._look(entry, at_us, found)
        if len(heap) > 2 * len(self.entries) + 1000:
            self._rebuild()
        return found

    def skip(self, from_us: int, to_us: int, why: str) -> list[Occurrence]:
        """Time went on without anybody looking (a clock set forward, a machine that slept)."""
        late = [entry for entry in self.entries.values() if entry.wake_us <= to_us]
        found = self._judge(late, from_us, to_us, why)
        self.now_us = to_us
        for entry in late:
            self.dirty.setdefault(entry, to_us)
            entry.wake_us = NEVER
        return found + self.advance(to_us)

    def set_back(self, now_us: int) -> list[Occurrence]:
        """The clock was set back: what would lie in the future counts as having happened now.

        Due moments that come a second time are fired again here; they are the same
        occurrences, whose runs exist.
        """
        self.now_us = now_us
        self.past.set_back(now_us)
        self._poll_us = min(self._poll_us, now_us + POLL_US)
        for entry in self.entries.values():
            entry.last_us = min(entry.last_us, now_us - 1)
            entry.wake_us = NEVER
            if entry.due_us is not None:
                entry.due_us = min(entry.due_us, now_us)
        self.heap.clear()
        self.dirty = dict.fromkeys(self.entries.values(), now_us)
        return self.advance(now_us)

    def started(self, task: str, run_id: str, at_us: int) -> None:
        """A run that this planner did not fire has begun."""
        if run_id not in self.past.going(task):
            self.past.start(task, run_id, at_us)
            self._touch(task, RUN, at_us)

    def ended(self, task: str, action: str, run_id: str, at_us: int) -> None:
        """A run has ended: `success`, `fail`, `terminate`, or `inaction`: it never began."""
        self.past.end(task, action, run_id, at_us)
        self._touch(task, action, at_us)

    def existed(self, task: str, run_id: str, at_us: int) -> None:
        """What was fired had run before: its due moment is used up."""
        self.past.existed(task, run_id, at_us)
        if task in self.entries:
            self.dirty.setdefault(self.entries[task], at_us)

    def enable(self, task: str, enabled: bool) -> None:
        """Let a task start by its condition, or not."""
        entry = self.entries[task]
        entry.enabled = enabled
        self.dirty.setdefault(entry, NOW)

    def pause(self, paused: bool) -> None:
        """Let no task start by its condition, or all again."""
        self.paused = paused
        self.dirty = {**dict.fromkeys(self.entries.values(), NOW), **self.dirty}

    def next_wake(self) -> int | None:
        """When `advance` is to be called at the latest; None: after the next event."""
        self._look_behind()
        if self.dirty:
            return self.now_us
        heap = self.heap
        while heap and heap[0][2].wake_us != heap[0][0]:
            heapq.heappop(heap)
        at_us = min(heap[0][0] if heap else NEVER, self._poll_us)
        return None if at_us >= NEVER else at_us

    def view_of(self, entry: Entry, now_us: int) -> View:
        """How a task sees a moment."""
        view = self._view.of(entry.name)
        view.now_us, view.zone, view.shown_in = now_us, entry.zone, entry.zone.tz
        self.past.me = entry.name
        return view

    # --- decisions

    def _touch(self, task: str, action: str, at_us: int) -> None:
        entry = self.entries.get(task)
        if entry is not None:
            self.dirty[entry] = at_us
            entry.ahead = None
        for entry in self._dependents.get((task, action), ()):
            self.dirty[entry] = at_us
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
        self._wake(entry, until_us)

    def ask(self, entry: Entry, at_us: int) -> tuple[bool, int]:
        """What a condition says at a moment, and until when."""
        view, past = self._view, self.past
        # Moved, not copied: nobody keeps it. Never before what has happened.
        view.now_us = max(at_us, past.newest_us)
        view.task = past.me = entry.name
        view.zone = entry.zone
        return entry.condition.look(view)

    def hold(self, entry: Entry) -> str | None:
        """What keeps a task from starting though its condition is true."""
        if self.paused:
            return PAUSED
        if not entry.enabled:
            return DISABLED
        if not entry.overlap:
            return RUNNING if self.past.going(entry.name) else None
        return None if entry.fresh or entry.backlog else ONCE

    def _occurrence(self, entry: Entry, at_us: int) -> Occurrence:
        assert entry.due_us is not None
        due_us = entry.due_us if entry.fresh else at_us
        due_us = max(due_us, entry.last_us + 1)
        held = entry.held if entry.fresh else ""
        start_us = max(due_us, at_us)
        if start_us - due_us <= LATE_US:
            return Occurrence(entry.name, due_us, Verdict.RAN, held, start_us)
        return Occurrence(entry.name, due_us, Verdict.LATE, held or "it was late", start_us)

    def _start(self, entry: Entry, fired: Occurrence) -> Occurrence:
        fired = fired._replace(run_id=occurrence_id(entry.name, fired.due_us))
        entry.last_us = max(entry.last_us, fired.due_us)
        entry.due_us, entry.held = None, ""
        self.past.start(entry.name, fired.run_id, fired.start_us)
        for other in self._dependents.get((entry.name, RUN), ()):
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
            self._wake(entry, until_us)

    def _wake(self, entry: Entry, at_us: int) -> None:
        if at_us >= NEVER:
            entry.wake_us = NEVER
        elif at_us != entry.wake_us:
            entry.wake_us = at_us
            self._pushed += 1
            heapq.heappush(self.heap, (at_us, self._pushed, entry))

    def _rebuild(self) -> None:
        self.heap = [item for item in self.heap if item[2].wake_us == item[0]]
        heapq.heapify(self.heap)

    # --- what nobody fired

    def _judge(
        self, entries: Iterable[Entry], from_us: int, to_us: int, why: str
    ) -> list[Occurrence]:
        found: list[Occurrence] = []
        for entry in entries:
            if entry.enabled and not self.paused:
                found += judge(self, entry, from_us, to_us, why)
        return found
