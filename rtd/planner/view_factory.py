"""What conditions see: one view that is moved from moment to moment and from task to task."""

import dataclasses
from collections.abc import Mapping

from rtd.language.core.condition import Condition
from rtd.language.core.view import Host, Sample, View, World
from rtd.language.leaves.has import STATUSES, Has
from rtd.language.three_valued import certain
from rtd.language.time.durations import SECOND
from rtd.language.time.time_zones import Zone, zone_of
from rtd.planner.custom_answers import Asking
from rtd.planner.entry import Entry
from rtd.planner.run_history import Past


class Sight:
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

    __slots__ = ("_zone", "asking", "names", "past", "view")

    def __init__(self, started_us: int, zone: str, env: Mapping[str, str]) -> None:
        self._zone = zone
        self.past = Past()
        self.names: set[str] = set()
        self.asking = Asking()
        self.view = View(
            started_us / SECOND,
            history=self.past,
            scheduler_started=started_us / SECOND,
            tz=zone,
            world=World(env=env, tasks=self.names, custom=self.asking.answers),
        )

    def zone(self, name: str | None) -> Zone:
        """A task's zone. Raises ValueError when nobody knows it."""
        return zone_of(name or self._zone)

    def keep(self, name: str, condition: Condition, zone: Zone) -> None:
        """Remember what the windows of a task's condition ask for."""
        for leaf in condition.leaves():
            if isinstance(leaf, Has) and leaf.window is not None:
                self.past.keep(leaf.task or name, STATUSES[leaf.status], leaf.window, zone)

    def set_host(self, host: Host) -> None:
        """What was measured of the host."""
        self.view.world = dataclasses.replace(self.view.world, host=host)

    def set_params(self, params: Mapping[str, object]) -> None:
        """The session's parameters, all of them."""
        self.view.world = dataclasses.replace(self.view.world, params=dict(params))

    def move(self, entry: Entry, at_us: int) -> View:
        """The one view at a moment of a task: never before what has happened."""
        view = self.view
        view.now_us = max(at_us, self.past.newest_us)
        view.task = entry.name
        view.zone = entry.zone
        return view

    def of(self, entry: Entry, now_us: int) -> View:
        """How a task sees a moment; custom conditions have no answers in it."""
        view = self.view.of(entry.name)
        view.now_us, view.zone, view.shown_in = now_us, entry.zone, entry.zone.tz
        return view

    def to_explain(self, entry: Entry, now_us: int) -> View:
        """The same with the latest answers, whoever has used them."""
        view = self.of(entry, now_us)
        view.world = dataclasses.replace(view.world, custom=self.asking.explained())
        return view

    def open_texts(self, entry: Entry, now_us: int) -> dict[str, str]:
        """The custom conditions without an answer that decide; why, where asking failed."""
        view = self.of(entry, now_us)
        view.world = dataclasses.replace(view.world, custom=self.asking.latest())
        known = certain(entry.condition, view)
        return {text: self.asking.answers.failed.get(text, "") for text in sorted(known.texts)}

    def of_run(self, task: str, zone: str | None, now_us: int, sample: Sample) -> View:
        """How the end condition of a run of a task sees a moment."""
        view = self.view.of(task, sample)
        view.now_us = max(now_us, self.past.newest_us)
        view.zone = self.zone(zone)
        view.shown_in = view.zone.tz
        view.world = dataclasses.replace(view.world, custom=self.asking.end_answers(task))
        return view
