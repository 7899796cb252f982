"""What conditions see: one view that is moved from moment to moment and from task to task."""

import dataclasses
from collections.abc import Mapping

from rtd.language.core.condition import Condition
from rtd.language.core.view import Host, Sample, View, World
from rtd.language.leaves.has import STATUSES, Has
from rtd.language.three_valued import evaluate_partially
from rtd.language.time.durations import SECOND
from rtd.language.time.time_zones import Zone, zone_of
from rtd.planner.custom_answers import CustomConditions
from rtd.planner.entry import ScheduledTask
from rtd.planner.run_history import RunHistory


class ViewFactory:
    """Makes views of one scheduler's world.

    Args:
        started_us: when it started.
        zone: IANA name of the local time of tasks that name none.
        env: of the daemon.

    Attributes:
        past: what is remembered of runs.
        names: of all tasks that exist.
        asking: custom conditions.
        view: the one that is moved; nobody may keep it.
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
        """A task's zone. Raises ValueError when nobody knows it."""
        return zone_of(name or self._zone)

    def retain_windows(self, name: str, condition: Condition, zone: Zone) -> None:
        """Remember what the windows of a task's condition ask for."""
        for leaf in condition.leaves():
            if isinstance(leaf, Has) and leaf.window is not None:
                self.history.retain_window(
                    leaf.task or name, STATUSES[leaf.status], leaf.window, zone
                )

    def set_host(self, host: Host) -> None:
        """What was measured of the host."""
        self.view.world = dataclasses.replace(self.view.world, host=host)

    def set_params(self, params: Mapping[str, object]) -> None:
        """The session's parameters, all of them."""
        self.view.world = dataclasses.replace(self.view.world, params=dict(params))

    def move(self, entry: ScheduledTask, at_us: int) -> View:
        """The one view at a moment of a task: never before what has happened."""
        view = self.view
        view.now_us = max(at_us, self.history.newest_us)
        view.task = entry.name
        view.zone = entry.zone
        return view

    def view_of(self, entry: ScheduledTask, now_us: int) -> View:
        """How a task sees a moment; custom conditions have no answers in it."""
        view = self.view.for_task(entry.name)
        view.now_us, view.zone, view.output_tz = now_us, entry.zone, entry.zone.tz
        return view

    def view_to_explain(self, entry: ScheduledTask, now_us: int) -> View:
        """The same with the latest answers, whoever has used them."""
        view = self.view_of(entry, now_us)
        view.world = dataclasses.replace(view.world, custom=self.customs.values_to_explain())
        return view

    def unknown_custom_ids(self, entry: ScheduledTask, now_us: int) -> dict[str, str]:
        """The custom conditions without an answer that decide; why, where asking failed."""
        view = self.view_of(entry, now_us)
        view.world = dataclasses.replace(view.world, custom=self.customs.latest_values())
        known = evaluate_partially(entry.condition, view)
        return {text: self.customs.values.errors.get(text, "") for text in sorted(known.unknown)}

    def view_of_run(self, task: str, zone: str | None, now_us: int, sample: Sample) -> View:
        """How the end condition of a run of a task sees a moment."""
        view = self.view.for_task(task, sample)
        view.now_us = max(now_us, self.history.newest_us)
        view.zone = self.task_zone(zone)
        view.output_tz = view.zone.tz
        view.world = dataclasses.replace(view.world, custom=self.customs.end_condition_values(task))
        return view
