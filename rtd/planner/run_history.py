"""What the planner remembers of past runs: the latest event of each kind, per task.

Conditions ask for the latest event, and which runs are going. A condition on a window
(`has succeeded today before 10:00`) also wants the latest event inside it: that one is kept for
each window that some condition names. So a task takes the same memory however often it runs.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from rtd.language.core.run_history import ENDS, FAIL, INACTION, RUN, SUCCESS, TERMINATE, USED
from rtd.language.time.durations import SECOND
from rtd.language.time.time_zones import Zone
from rtd.language.time.windows import Window

#: Where each action's latest time stands in a task's row.
_PLACE: Final = {RUN: 0, SUCCESS: 1, FAIL: 2, TERMINATE: 3, INACTION: 4, USED: 5}
_ROW: Final = [0] * 6
#: Row of a task that nothing is known of. Never written to.
_NOTHING: Final = [0] * 6


class _RetainedWindow(NamedTuple):
    """A window whose latest event is kept. `at_us` has one element."""

    actions: tuple[str, ...]
    window: Window
    zone: Zone
    at_us: list[int]


class RunHistory:
    """A `rtd.conditions.Ledger` that is told of every event.

    A run is told of when it is queued (`start`). For its own task it counts as started and going
    from then on. Of the tasks that conditions of others ask about it is also told when an
    executor has one (`begin`), and they count as started and running from then on.

    Attributes:
        asked: those tasks.
        newest_us: the time of the latest event of all.
    """

    __slots__ = ("_begun", "_claimed", "_going", "_rows", "_windows", "begin_tasks", "newest_us")

    def __init__(self) -> None:
        self._rows: dict[str, list[int]] = {}
        self._going: dict[str, dict[str, int]] = {}
        self._claimed: set[str] = set()
        self._begun: dict[str, dict[str, int]] = {}
        self.begin_tasks: set[str] = set()
        self._windows: dict[str, list[_RetainedWindow]] = {}
        self.newest_us = 0

    # --- what conditions ask

    def latest(self, task: str, actions: tuple[str, ...]) -> float | None:
        """When the latest event of any of these actions was, in epoch seconds."""
        row = self._rows.get(task)
        if row is None:
            return None
        best = max([row[_PLACE[action]] for action in actions])
        return best / SECOND if best else None

    def events(
        self, task: str, actions: tuple[str, ...], since_at: float, until_at: float
    ) -> Sequence[float]:
        """What is remembered of that time: the latest ones, and the latest of kept windows."""
        row = self._rows.get(task, _NOTHING)
        found = {row[_PLACE[action]] / SECOND for action in actions}
        for kept in self._windows.get(task, ()):
            if kept.actions == actions:
                found.add(kept.at_us[0] / SECOND)
        return sorted(at for at in found if at and since_at <= at <= until_at)

    def running(self, task: str) -> Sequence[float]:
        """When the runs that are going began."""
        runs = self._begun if task in self.begin_tasks else self._going
        return [at / SECOND for at in runs.get(task, {}).values()]

    # --- what the planner asks

    def latest_us(self, task: str, action: str) -> int:
        """When the latest event of an action was; 0: never."""
        return self._rows.get(task, _NOTHING)[_PLACE[action]]

    def last_activity_us(self, task: str) -> int:
        """The latest moment at which anything of the task's own happened; 0: never."""
        return max(self._rows.get(task, _NOTHING))

    def active_runs(self, task: str) -> dict[str, int]:
        """The runs of a task that are going: their ids, and when each began."""
        return self._going.get(task, {})

    # --- what it is told

    def retain_window(
        self, task: str, actions: tuple[str, ...], window: Window, zone: Zone
    ) -> None:
        """From now on remember the latest of these events inside the window."""
        kept = self._windows.setdefault(task, [])
        if not any((k.actions, k.window, k.zone) == (actions, window, zone) for k in kept):
            kept.append(_RetainedWindow(actions, window, zone, [0]))

    @property
    def retained_tasks(self) -> Sequence[str]:
        """Tasks of which more than the latest events is wanted."""
        return list(self._windows)

    def record_start(self, task: str, run_id: str, at_us: int) -> bool:
        """A run of the task is queued. Gives whether that was not known."""
        going = self._going.setdefault(task, {})
        if run_id in going and run_id not in self._claimed:
            return False
        self._claimed.discard(run_id)
        going[run_id] = at_us
        if task in self.begin_tasks:
            self.use_up(task, at_us)
            self.newest_us = max(self.newest_us, at_us)
        else:
            self.record_event(task, RUN, at_us)
        return True

    def record_begin(self, task: str, run_id: str, at_us: int) -> bool:
        """An executor has a run of the task. Gives whether that was not known."""
        if run_id not in self._going.get(task, {}) or run_id in self._begun.get(task, {}):
            return False
        self._begun.setdefault(task, {})[run_id] = at_us
        self.record_event(task, RUN, at_us)
        return True

    def occupy(self, task: str, run_id: str, at_us: int) -> None:
        """A run is about to begin: it is going, but nothing has happened yet."""
        self._going.setdefault(task, {})[run_id] = at_us
        self._claimed.add(run_id)

    def vacate(self, task: str, run_id: str) -> None:
        """It does not."""
        self._release(task, run_id)

    def record_end(self, task: str, action: str, run_id: str, at_us: int) -> None:
        """A run ended. One that ends by inaction uses up its due moment all the same."""
        if task in self.begin_tasks and action != INACTION:
            self.record_begin(
                task, run_id, self.active_runs(task).get(run_id, at_us)
            )  # that was not heard
        began = self._release(task, run_id)
        self.record_event(task, action, at_us)
        if action == INACTION and began:
            self.use_up(task, at_us)

    def record_event(self, task: str, action: str, at_us: int) -> None:
        """An event; no run begins or ends in this ledger by it."""
        row = self._rows.get(task)
        if row is None:
            row = self._rows[task] = _ROW.copy()
        place = _PLACE[action]
        row[place] = max(row[place], at_us)
        self.newest_us = max(self.newest_us, at_us)
        for kept in self._windows.get(task, ()):
            if action in kept.actions:
                found, _ = kept.window.current_interval(kept.zone, at_us)
                if found is not None and found.start_us <= at_us < found.end_us:
                    kept.at_us[0] = max(kept.at_us[0], at_us)

    def use_up(self, task: str, at_us: int) -> None:
        """A due moment of the task is used up though no run of it ended then."""
        row = self._rows.setdefault(task, _ROW.copy())
        row[_PLACE[USED]] = max(row[_PLACE[USED]], at_us)

    def record_existing(self, task: str, run_id: str, at_us: int) -> None:
        """A run that was to begin had been over before."""
        self._release(task, run_id)
        self.use_up(task, at_us)

    def set_back(self, now_us: int) -> None:
        """The clock went back: what lies in the future happened now."""
        for row in self._rows.values():
            for place, at_us in enumerate(row):
                if at_us > now_us:
                    row[place] = now_us
        for runs in (*self._going.values(), *self._begun.values()):
            for run_id, at_us in runs.items():
                runs[run_id] = min(at_us, now_us)
        for windows in self._windows.values():
            for kept in windows:
                kept.at_us[0] = min(kept.at_us[0], now_us)
        self.newest_us = min(self.newest_us, now_us)

    def _release(self, task: str, run_id: str) -> int:
        self._claimed.discard(run_id)
        begun = self._begun.get(task)
        if begun is not None:
            begun.pop(run_id, None)
        going = self._going.get(task)
        if going is None:
            return 0
        began = going.pop(run_id, 0)
        if not going:
            del self._going[task]
        return began


__all__ = ["ENDS", "FAIL", "INACTION", "RUN", "SUCCESS", "TERMINATE", "RunHistory"]
