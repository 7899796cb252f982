"""The run history of the planner: the latest event of each kind, per task.

Conditions ask for the latest event, and which runs are active. A condition on a window
(`has succeeded today before 10:00`) also asks for the latest event inside it: that one is kept
for each window that some condition names. So a task takes the same memory however often it runs.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from rtd.language.core.durations import SECOND
from rtd.language.core.run_history import ENDS, FAIL, INACTION, RUN, SUCCESS, TERMINATE, USED
from rtd.language.core.time_zones import Zone
from rtd.language.time.windows import Window

#: A run that has lasted longer has worked for a while: its failure is the first in a row.
SOON_US: Final = 60 * SECOND
#: The place of each action's latest time in a task's row.
_PLACE: Final = {RUN: 0, SUCCESS: 1, FAIL: 2, TERMINATE: 3, INACTION: 4, USED: 5}
_ROW: Final = [0] * 6
#: The row of a task without events. Never written to.
_NOTHING: Final = [0] * 6


class _RetainedWindow(NamedTuple):
    """A window of a condition; its latest event is retained. `at_us` has one element."""

    actions: tuple[str, ...]
    window: Window
    zone: Zone
    at_us: list[int]


class RunHistory:
    """A `rtd.language.core.run_history.Ledger` with methods that record events.

    A run is recorded when it is queued (`record_start`). From then on it counts as started and
    active for its own task. For the tasks in `begin_tasks` it is also recorded when an executor
    has the run (`record_begin`); only from then on does it count as started and running for
    conditions of other tasks.

    Attributes:
        begin_tasks: the tasks of which conditions of others ask whether they are running or have
            started.
        newest_us: the time of the latest event of all.
    """

    __slots__ = (
        "_active",
        "_begun",
        "_failures",
        "_occupied",
        "_rows",
        "_stored_starts",
        "_windows",
        "begin_tasks",
        "newest_us",
    )

    def __init__(self) -> None:
        self._rows: dict[str, list[int]] = {}
        self._active: dict[str, dict[str, int]] = {}
        self._occupied: set[str] = set()
        self._begun: dict[str, dict[str, int]] = {}
        self._stored_starts: dict[str, int] = {}
        self.begin_tasks: set[str] = set()
        self._windows: dict[str, list[_RetainedWindow]] = {}
        self._failures: dict[str, int] = {}
        self.newest_us = 0

    # --- for conditions

    def latest(self, task: str, actions: tuple[str, ...]) -> float | None:
        """Return the time of the latest event of any of these actions, in epoch seconds."""
        row = self._rows.get(task)
        if row is None:
            return None
        best = max([row[_PLACE[action]] for action in actions])
        return best / SECOND if best else None

    def events(
        self, task: str, actions: tuple[str, ...], since_at: float, until_at: float
    ) -> Sequence[float]:
        """Return the known events of that time: the latest ones, and the latest in kept windows."""
        row = self._rows.get(task, _NOTHING)
        found = {row[_PLACE[action]] / SECOND for action in actions}
        for retained in self._windows.get(task, ()):
            if retained.actions == actions:
                found.add(retained.at_us[0] / SECOND)
        return sorted(at for at in found if at and since_at <= at <= until_at)

    def running(self, task: str) -> Sequence[float]:
        """Return when the active runs began."""
        runs = self._begun if task in self.begin_tasks else self._active
        return [at / SECOND for at in runs.get(task, {}).values()]

    # --- for the planner

    def latest_us(self, task: str, action: str) -> int:
        """Return the time of the latest event of an action; 0: there was none."""
        return self._rows.get(task, _NOTHING)[_PLACE[action]]

    def last_activity_us(self, task: str) -> int:
        """Return the time of the latest event of the task; 0: there was none."""
        return max(self._rows.get(task, _NOTHING))

    def known_start_us(self, task: str) -> int:
        """Return the time of the latest start that the planner knows, including one that
        conditions do not see; 0: there was none."""
        row = self._rows.get(task, _NOTHING)
        return max(row[_PLACE[RUN]], row[_PLACE[USED]], self._stored_starts.get(task, 0))

    def active_runs(self, task: str) -> dict[str, int]:
        """Return the active runs of a task: their ids, and when each began."""
        return self._active.get(task, {})

    def failures(self, task: str) -> int:
        """Return how many runs in a row have ended without success soon after their start."""
        return self._failures.get(task, 0)

    @property
    def failing_tasks(self) -> Sequence[str]:
        """Return the tasks whose latest runs have all ended so."""
        return list(self._failures)

    def last_failure_us(self, task: str) -> int:
        """Return the time of the latest end without success; 0: there was none."""
        row = self._rows.get(task, _NOTHING)
        return max(row[_PLACE[FAIL]], row[_PLACE[TERMINATE]], row[_PLACE[INACTION]])

    # --- recording

    def retain_window(
        self, task: str, actions: tuple[str, ...], window: Window, zone: Zone
    ) -> None:
        """Keep the latest of these events inside the window from now on."""
        windows = self._windows.setdefault(task, [])
        if not any((k.actions, k.window, k.zone) == (actions, window, zone) for k in windows):
            windows.append(_RetainedWindow(actions, window, zone, [0]))

    @property
    def retained_tasks(self) -> Sequence[str]:
        """Return the tasks of which events in windows are retained."""
        return list(self._windows)

    def record_start(self, task: str, run_id: str, at_us: int) -> bool:
        """Record that a run is queued. Return whether that is news."""
        active = self._active.setdefault(task, {})
        if run_id in active and run_id not in self._occupied:
            return False
        self._occupied.discard(run_id)
        active[run_id] = at_us
        if task in self.begin_tasks:
            self.use_up(task, at_us)
            self.newest_us = max(self.newest_us, at_us)
        else:
            self.record_event(task, RUN, at_us)
        return True

    def record_begin(self, task: str, run_id: str, at_us: int) -> bool:
        """Record that an executor has a run. Return whether that is news."""
        if run_id not in self._active.get(task, {}) or run_id in self._begun.get(task, {}):
            return False
        self._begun.setdefault(task, {})[run_id] = at_us
        self.record_event(task, RUN, at_us)
        return True

    def occupy(self, task: str, run_id: str, at_us: int) -> None:
        """Count a run that is about to be submitted as active, without an event."""
        self._active.setdefault(task, {})[run_id] = at_us
        self._occupied.add(run_id)

    def vacate(self, task: str, run_id: str) -> None:
        """Forget a run that does not exist after all."""
        self._release(task, run_id)

    def record_end(self, task: str, action: str, run_id: str, at_us: int) -> None:
        """Record the end of a run. One that ends by inaction uses up its due moment, too."""
        if task in self.begin_tasks and action != INACTION:
            # Its begin may have been missed.
            self.record_begin(task, run_id, self.active_runs(task).get(run_id, at_us))
        began = self._release(task, run_id)
        self.record_event(task, action, at_us)
        if action == SUCCESS:
            self._failures.pop(task, None)
        else:
            is_soon = not began or at_us - began < SOON_US
            self._failures[task] = self._failures.get(task, 0) + 1 if is_soon else 1
        if action == INACTION and began:
            self.use_up(task, at_us)

    def record_stored_start(self, task: str, at_us: int) -> None:
        """Record the latest start that Redis has; it need not be an event for conditions."""
        self._stored_starts[task] = at_us

    def record_event(self, task: str, action: str, at_us: int) -> None:
        """Record an event that does not change which runs are active."""
        row = self._rows.get(task)
        if row is None:
            row = self._rows[task] = _ROW.copy()
        place = _PLACE[action]
        row[place] = max(row[place], at_us)
        self.newest_us = max(self.newest_us, at_us)
        for retained in self._windows.get(task, ()):
            if action in retained.actions:
                found, _ = retained.window.current_interval(retained.zone, at_us)
                if found is not None and found.start_us <= at_us < found.end_us:
                    retained.at_us[0] = max(retained.at_us[0], at_us)

    def use_up(self, task: str, at_us: int) -> None:
        """Use up a due moment of the task though no run of it ended then."""
        row = self._rows.setdefault(task, _ROW.copy())
        row[_PLACE[USED]] = max(row[_PLACE[USED]], at_us)

    def record_existing(self, task: str, run_id: str, at_us: int) -> None:
        """Record that the run of an occurrence was over before it was started again."""
        self._release(task, run_id)
        self.use_up(task, at_us)

    def set_back(self, now_us: int) -> None:
        """Move the events that lie in the future to now: the clock was set back."""
        for row in self._rows.values():
            for place, at_us in enumerate(row):
                if at_us > now_us:
                    row[place] = now_us
        for runs in (*self._active.values(), *self._begun.values()):
            for run_id, at_us in runs.items():
                runs[run_id] = min(at_us, now_us)
        for windows in self._windows.values():
            for retained in windows:
                retained.at_us[0] = min(retained.at_us[0], now_us)
        self.newest_us = min(self.newest_us, now_us)

    def _release(self, task: str, run_id: str) -> int:
        self._occupied.discard(run_id)
        begun = self._begun.get(task)
        if begun is not None:
            begun.pop(run_id, None)
        active = self._active.get(task)
        if active is None:
            return 0
        began = active.pop(run_id, 0)
        if not active:
            del self._active[task]
        return began


__all__ = ["ENDS", "FAIL", "INACTION", "RUN", "SUCCESS", "TERMINATE", "RunHistory"]
