"""Makes the views that conditions are evaluated with."""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType

from rtd.language.core.condition import Condition
from rtd.language.core.durations import SECOND
from rtd.language.core.time_zones import Zone, zone_of
from rtd.language.core.view import Answer, Host, Sample, View, World
from rtd.language.leaves.has import STATUSES, Has
from rtd.language.three_valued import evaluate_partially
from rtd.planner.custom_conditions import CustomConditions
from rtd.planner.run_history import RunHistory
from rtd.planner.scheduled_task import ScheduledTask


class ViewFactory:
    """Makes views of one scheduler's world.

    Args:
        started_us: when the scheduler started.
        zone: IANA name of the local time of tasks that name none.
        env: the environment of the daemon.

    Attributes:
        history: the past runs.
        names: the names of all tasks that exist.
        customs: the custom conditions and their values.
        view: the view that `move` moves; it is valid until the next move.
    """

    __slots__ = ("_zone", "customs", "history", "names", "view")

    def __init__(self, started_us: int, zone: str, env: Mapping[str, str]) -> None:
        self._zone = zone
        self.history = RunHistory()
        self.names: set[str] = set()
        self.customs = CustomConditions()
        self.view = View(
            started_us / SECOND,
            history=self.history,
            scheduler_started=started_us / SECOND,
            tz=zone,
            world=World(env=env, tasks=self.names, custom=self.customs.values),
        )

    def task_zone(self, name: str | None) -> Zone:
        """Return the zone of that name, or the default one. Raises ValueError if it is unknown."""
        return zone_of(name or self._zone)

    def retain_windows(self, name: str, condition: Condition, zone: Zone) -> None:
        """Keep the latest events in the windows that a task's condition names."""
        for leaf in condition.leaves():
            if isinstance(leaf, Has) and leaf.window is not None:
                self.history.retain_window(
                    leaf.task or name, STATUSES[leaf.status], leaf.window, zone
                )

    def set_host(self, host: Host) -> None:
        """Set what was measured of the host."""
        self.view.world = dataclasses.replace(self.view.world, host=host)

    def set_params(self, params: Mapping[str, object]) -> None:
        """Set all parameters of the session."""
        self.view.world = dataclasses.replace(self.view.world, params=dict(params))

    def move(self, task: ScheduledTask, at_us: int) -> View:
        """Return the one view, moved to a task and a moment, but not before the latest event."""
        view = self.view
        view.now_us = max(at_us, self.history.newest_us)
        view.task = task.name
        view.zone = task.zone
        return view

    def view_of(
        self,
        task: ScheduledTask,
        now_us: int,
        values: Mapping[str, Answer] = MappingProxyType({}),
    ) -> View:
        """Return a task's view of a moment; custom conditions have only the values that tasks
        give, and these."""
        view = self.view.for_task(task.name)
        view.now_us, view.zone, view.output_tz = now_us, task.zone, task.zone.tz
        if values:
            custom = {**view.world.custom, **values}
            view.world = dataclasses.replace(view.world, custom=custom)
        return view

    def view_to_explain(self, task: ScheduledTask, now_us: int) -> View:
        """Return the same with the latest values, used up or not, and with errors as facts."""
        view = self.view_of(task, now_us)
        view.world = dataclasses.replace(view.world, custom=self.customs.values_to_explain())
        return view

    def unknown_custom_ids(self, task: ScheduledTask, now_us: int) -> dict[str, str]:
        """Return the custom conditions that decide and have no value, each with its error if
        its evaluation failed."""
        if not task.custom_ids:
            return {}
        view = self.view_of(task, now_us)
        view.world = dataclasses.replace(view.world, custom=self.customs.latest_values())
        known = evaluate_partially(task.condition, view)
        return {c: self.customs.values.errors.get(c, "") for c in sorted(known.unknown)}

    def view_of_run(self, name: str, zone: str | None, now_us: int, sample: Sample) -> View:
        """Return the view of a moment for the end condition of a run of a task."""
        view = self.view.for_task(name, sample)
        view.now_us = max(now_us, self.history.newest_us)
        view.zone = self.task_zone(zone)
        view.output_tz = view.zone.tz
        view.world = dataclasses.replace(view.world, custom=self.customs.end_condition_values(name))
        return view
