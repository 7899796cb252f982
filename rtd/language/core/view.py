"""The view that a condition is evaluated with: a moment, a task, its past, and measurements."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from rtd.common.format_units import format_time
from rtd.language.core.durations import SECOND
from rtd.language.core.run_history import (
    ENDED_OR_USED,
    STARTED_OR_USED,
    History,
    HistoryLedger,
    Ledger,
)
from rtd.language.core.time_zones import NEVER, Zone, zone_of

EARLIEST = -2_208_988_800 * SECOND
LATEST = 221_845_392_000 * SECOND
"""Views are of the years 1900 to 8999."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The measurements of the run that an end condition watches.

    `memory_bytes` is the peak RSS of its whole tree. `cpu_percents` holds `(at, percent)` in
    order of time: each percent is the mean since the entry before (the first's is not used).
    """

    started_at: float
    memory_bytes: int = 0
    cpu_s: float = 0.0
    output_at: float | None = None
    cpu_percents: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Host:
    """The measurements of the host. `load` is the mean of the last minute."""

    memory_percent: float
    load: float


@dataclass(frozen=True, slots=True)
class Answer:
    """The latest value of a custom condition, with the fact behind it.

    It is false from `until_us` on (UTC microseconds).
    """

    value: bool
    fact: str = ""
    until_us: int = NEVER


@dataclass(frozen=True, slots=True)
class World:
    """The facts of a view beside time and runs.

    `custom` maps the text of a custom condition to its latest value; `tasks` holds the names of
    the tasks that exist (None: every name counts as a task's).
    """

    custom: Mapping[str, Answer | bool] = field(default_factory=dict)
    host: Host | None = None
    params: Mapping[str, object] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    tasks: Container[str] | None = None


EMPTY_WORLD = World()


class View:
    """A moment of a task, as its conditions see it. Do not change one; make another.

    `now` is a datetime or UTC epoch seconds, kept to the microsecond. `tz` is an IANA name or a
    tzinfo; None is that of `now`, UTC when it has none. Naive datetimes are local times of that
    zone. Results such as `next_change` have the manner of `now`: naive local times for a naive
    one, in its own zone for an aware one (the view's, for epoch seconds). `task` is the name of
    the task that the condition is assigned to. `history` is a `Ledger` or a mapping of task names
    to `(action, time)` pairs. `scheduler_cycles` counts the scheduler's turns since
    `scheduler_started`.

    Raises ValueError for an unknown zone and for times outside the years 1900 to 8999.
    """

    __slots__ = (
        "ledger",
        "now_us",
        "output_tz",
        "sample",
        "scheduler_cycles",
        "scheduler_started_us",
        "task",
        "world",
        "zone",
    )

    def __init__(
        self,
        now: datetime | float,
        task: str = "",
        history: History | Ledger | None = None,
        scheduler_started: datetime | float | None = None,
        scheduler_cycles: int = 0,
        tz: str | tzinfo | Zone | None = None,
        sample: Sample | None = None,
        world: World = EMPTY_WORLD,
    ) -> None:
        if tz is None:
            tz = now.tzinfo if isinstance(now, datetime) and now.tzinfo else "UTC"
        self.zone = zone_of(tz)
        self.output_tz = now.tzinfo if isinstance(now, datetime) else self.zone.tz
        self.now_us = self._instant(now)
        self.task = task
        if history is None or isinstance(history, Mapping):
            history = HistoryLedger(history or {}, self.now_us / SECOND, self._seconds)
        self.ledger: Ledger = history
        self.scheduler_started_us = (
            None if scheduler_started is None else self._instant(scheduler_started)
        )
        self.scheduler_cycles = scheduler_cycles
        self.sample = sample
        self.world = world

    def _instant(self, moment: datetime | float) -> int:
        at = (
            self.zone.to_instant(moment) if isinstance(moment, datetime) else round(moment * SECOND)
        )
        if not EARLIEST <= at < LATEST:
            raise ValueError(f"{moment} is not in the years 1900 to 8999")
        return at

    def _seconds(self, moment: datetime) -> float:
        return self.zone.to_instant(moment) / SECOND

    def for_task(self, task: str, sample: Sample | None = None) -> View:
        """Return the view of another task (or another run of it) at the same moment."""
        other = self._copy()
        other.task, other.sample = task, sample
        return other

    def later(self, at_us: int) -> View:
        """Return the view at another instant, in microseconds, if nothing happens until then."""
        other = self._copy()
        other.now_us = at_us
        return other

    def _copy(self) -> View:
        other = View.__new__(View)
        for name in View.__slots__:
            setattr(other, name, getattr(self, name))
        return other

    @property
    def now(self) -> datetime:
        """The moment, in its own manner."""
        return self._shown(self.now_us)

    @property
    def custom(self) -> Mapping[str, Answer | bool]:
        """The latest values of custom conditions, by their text."""
        return self.world.custom

    @property
    def host(self) -> Host | None:
        """The measurements of the host."""
        return self.world.host

    def exists(self, task: str) -> bool:
        """Whether a task of this name exists, as far as the view knows."""
        return self.world.tasks is None or task in self.world.tasks

    def latest(self, task: str, actions: tuple[str, ...]) -> int | None:
        """Return when the latest event of these actions was, up to now, in microseconds."""
        at = self.ledger.latest(task, actions)
        if at is None:
            return None
        at_us = round(at * SECOND)
        return at_us if at_us <= self.now_us else self._earlier(task, actions, self.now_us)

    def latest_in(
        self, task: str, actions: tuple[str, ...], since_us: int, until_us: int
    ) -> int | None:
        """Return the latest event of these actions from `since_us` to `until_us`, both included."""
        at_us = self.latest(task, actions)
        if at_us is None or at_us < since_us:
            return None
        if at_us > until_us:
            at_us = self._earlier(task, actions, until_us, since_us)
        return at_us

    def _earlier(
        self, task: str, actions: tuple[str, ...], until_us: int, since_us: int = -NEVER
    ) -> int | None:
        found = self.ledger.events(task, actions, since_us / SECOND, until_us / SECOND)
        return round(found[-1] * SECOND) if found else None

    def last_start(self) -> int | None:
        """Return when the task's latest run began, or used up a due moment without one."""
        return self.latest(self.task, STARTED_OR_USED)

    def last_end(self) -> int | None:
        """Return when the task's latest run ended, or used up a due moment without one."""
        return self.latest(self.task, ENDED_OR_USED)

    def running(self, task: str) -> list[int]:
        """Return when the runs of a task that are still going began."""
        starts = (round(at * SECOND) for at in self.ledger.running(task))
        return [at for at in starts if at <= self.now_us]

    def to_datetime(self, at_us: int) -> datetime | None:
        """Return an instant in the manner of `now`; None for one that does not come."""
        return None if at_us >= LATEST else self._shown(at_us)

    def _shown(self, at_us: int) -> datetime:
        moment = self.zone.to_datetime(at_us)
        return moment.astimezone(self.output_tz) if self.output_tz else moment.replace(tzinfo=None)

    def format_time(self, at_us: int) -> str:
        """Return a time for people: `08:03:11`, with its date and zone when it is not today."""
        if at_us >= LATEST:
            return "no time"
        moment, today = self.zone.to_datetime(at_us), self.zone.to_datetime(self.now_us).date()
        if moment.date() == today:
            return f"{moment:%H:%M:%S}"
        return format_time(at_us / SECOND, self.zone.tz)
