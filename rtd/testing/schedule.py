"""`Schedule`: what the conditions of an app start, on a clock that a test moves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from rtd.common.did_you_mean import did_you_mean
from rtd.common.errors import BadRequest
from rtd.common.local_timezone import local_timezone
from rtd.common.text_of import show_value
from rtd.language.core.durations import SECOND
from rtd.language.core.run_history import FAIL, INACTION, SUCCESS, TERMINATE
from rtd.language.core.view import EARLIEST, LATEST
from rtd.model.manifest import CHECK_LISTS
from rtd.planner.simulate import MovingClock
from rtd.session.core.session_state import SessionState
from rtd.supervisor.runs.kept_results import overlay_values
from rtd.testing.prepared_app import PreparedApp

#: More starts in one move mean that a condition, or the span, is wrong.
MAX_STARTS: Final = 100_000
#: What a run's end in each state is to the conditions.
_ACTIONS: Final = {
    "succeeded": SUCCESS,
    "error": FAIL,
    "exception": FAIL,
    "lost": FAIL,
    "terminated": TERMINATE,
    "cancelled": INACTION,
}


class ScheduledStart(NamedTuple):
    """A task that its condition has started."""

    at: datetime
    task: str


class Schedule:
    """Tells which tasks the conditions of an app would start, on a clock that the test moves.

    ```python
    schedule = Schedule(session, at="2026-01-31 22:00", timezone="Europe/Berlin")
    starts = schedule.move(hours=2)
    assert [task for _, task in starts] == ["report"]
    ```

    It decides as `rtd simulate` does: a scheduler starts at `at`, and no task has run before.
    Conditions on the host are false, and what custom conditions decide does not start. No task is
    carried out: each run succeeds at once.

    Args:
        session: of the tasks, or an app as for `rtd run`; None: the default session.
        at: where the clock starts: `2026-01-31 00:00`, or a datetime.
        timezone: the local time, an IANA name; None: that of the app, otherwise that of the host.
        runs_end: False: a run ends when `finish` says so.

    Raises:
        BadRequest: there is no such time or time zone.
    """

    def __init__(
        self,
        session: SessionState | str | None = None,
        at: str | datetime = "2026-01-01 00:00",
        timezone: str | None = None,
        *,
        runs_end: bool = True,
    ) -> None:
        app = PreparedApp(session)
        self._manifest = app.manifest
        zone = timezone or app.session.config.timezone or local_timezone()
        self._zone = _zone_of(zone)
        self._clock = MovingClock(
            self._manifest.tasks,
            self._read(at, "at"),
            zone,
            0 if runs_end else None,
            overlay_values(self._manifest.info.parameters, {}),
        )

    @property
    def now(self) -> datetime:
        """The time that the clock shows."""
        return self._moment(self._clock.now_us)

    def move(
        self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0
    ) -> list[ScheduledStart]:
        """Move the clock on by so much. Returns what the conditions start until then and at that
        time, in order: (time, name of the task) each. A day has 24 hours here.

        Raises:
            BadRequest: the clock would go back, or leaves the years 1900 to 8999; or there are more
                than 100,000 starts.
        """
        by = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        return self._advance(self._clock.now_us + round(by.total_seconds() * SECOND))

    def move_to(self, at: str | datetime) -> list[ScheduledStart]:
        """Move the clock to a time, as `move` does."""
        return self._advance(self._read(at, "move_to"))

    def finish(self, task: str, state: str = "succeeded", at: str | datetime | None = None) -> None:
        """Let a run of a task end; what that starts, the next `move` returns.

        It is the oldest running run, or another one that begins and ends then.

        Args:
            task: its name.
            state: `succeeded`, `error`, `exception`, `lost`, `terminated` or `cancelled`.
            at: when; None: now.

        Raises:
            UnknownTask: there is none of that name.
            BadRequest: there is no such state, or the time is in the past.
        """
        self._manifest.find(task, CHECK_LISTS)
        if state not in _ACTIONS:
            hint = did_you_mean(state, _ACTIONS, f"known: {', '.join(_ACTIONS)}")
            raise BadRequest(f"finish: {show_value(state)} is no state of a run's end{hint}")
        at_us = self._clock.now_us if at is None else self._read(at, "finish")
        if at_us < self._clock.now_us:
            raise BadRequest(f"finish: {self._moment(at_us)} is before {self.now}")
        self._clock.finish(task, _ACTIONS[state], at_us)

    def _advance(self, to_us: int) -> list[ScheduledStart]:
        if not EARLIEST <= to_us < LATEST:
            raise BadRequest("move: the clock is for the years 1900 to 8999")
        if to_us < self._clock.now_us:
            raise BadRequest(f"move: the clock shows {self.now}, and does not go back")
        starts: list[ScheduledStart] = []
        for one in self._clock.advance(to_us):
            if one.makes_run:
                starts.append(ScheduledStart(self._moment(one.start_us), one.task))
            if len(starts) > MAX_STARTS:
                raise BadRequest(f"move: more than {MAX_STARTS:,} starts: move a shorter time")
        return starts

    def _moment(self, at_us: int) -> datetime:
        return datetime.fromtimestamp(at_us / SECOND, self._zone)

    def _read(self, at: str | datetime, what: str) -> int:
        try:
            moment = at if isinstance(at, datetime) else datetime.fromisoformat(at)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=self._zone)
            at_us = round(moment.timestamp() * SECOND)
        except (TypeError, ValueError, OverflowError):
            raise BadRequest(
                f"{what}: {show_value(at)} is no moment; write '2026-01-31 00:00'"
            ) from None
        if not EARLIEST <= at_us < LATEST:
            raise BadRequest(f"{what}: {show_value(at)} is not in the years 1900 to 8999")
        return at_us


def _zone_of(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (TypeError, ValueError, OSError, LookupError):
        raise BadRequest(f"timezone: {show_value(name)} is no IANA name of a time zone") from None
