"""End conditions of running runs: evaluated every half second, with a sample of the run.

Only runs whose task has an end condition come here: their executors flag them on the board.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from rtd.common.format_units import format_time
from rtd.language.core.condition import Condition
from rtd.language.core.durations import SECOND
from rtd.language.core.evaluation import Poll
from rtd.language.core.explanation import Explanation
from rtd.language.core.view import Host, Sample, View, World
from rtd.language.leaves.no_output import NoOutputPast
from rtd.language.leaves.usage import CpuAbove, CpuTimeAbove, MemoryAbove
from rtd.language.three_valued import evaluate_partially
from rtd.model.output_files import scratch_path
from rtd.process.board.board import SlotSnapshot
from rtd.process.tree.host_load import measure_host
from rtd.store.commands.stored_records import readable_record
from rtd.supervisor.core.clock import wall_of_ns
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.log import log
from rtd.supervisor.core.stop_request import Intent
from rtd.supervisor.ending.run_sampler import NO_BOUND, RunKey, RunUsage

#: Shares of the CPU that are kept of a run: of the last two hours.
PERCENTS: Final = 14_400
_TREE_LEAVES: Final = (MemoryAbove, CpuTimeAbove, CpuAbove)

#: (task, its zone, sample, world) -> what the task's end condition sees now, or None while that
#: is not known.
ViewOfRun = Callable[[str, str | None, Sample, World], View | None]
EndRun = Callable[[str, Intent], object]


class OutputClock:
    """Since when a file is as it is, in time that has passed: the clock may be set meanwhile."""

    def __init__(self) -> None:
        self._changed_at: float | None = None
        self._since_s = 0.0

    def age_s(self, changed_at: float) -> float:
        """Return the seconds since its last change, which its file system has stamped so."""
        now_s = time.monotonic()
        if self._changed_at is None:
            self._since_s = now_s - max(0.0, time.time() - changed_at)
        elif changed_at != self._changed_at:
            self._since_s = now_s
        self._changed_at = changed_at
        return now_s - self._since_s


@dataclass(slots=True)
class WatchedRun:
    """One running run whose task has an end condition.

    Attributes:
        zone: IANA name of the task's local time; None: the host's.
        condition: None until the task is known.
        percents: the CPU shares of the last samples, each with its time (monotonic).
    """

    task: str = ""
    zone: str | None = None
    condition: Condition | None = None
    peak_bytes: int = 0
    cpu_s: float = 0.0
    percents: list[tuple[float, float]] = field(default_factory=list)
    output: OutputClock = field(default_factory=OutputClock)


class EndConditionWatch:
    """All runs with end conditions.

    Args:
        context: what the parts of the supervisor share.
        view_of_run: what end conditions see.
        end: begins to end a run.
    """

    def __init__(self, context: SupervisorContext, view_of_run: ViewOfRun, end: EndRun) -> None:
        self._context = context
        self._view_of_run = view_of_run
        self._end = end
        self._runs: dict[RunKey, WatchedRun] = {}

    def retain_only(self, keys: set[RunKey]) -> None:
        """Forget the runs that are not among these any more."""
        for key in self._runs.keys() - keys:
            del self._runs[key]

    def check(self, seen: SlotSnapshot, usage: RunUsage) -> None:
        """End a run if its condition is true. Its first call only reads what the condition is."""
        key = (seen.run_id, seen.attempt)
        watched = self._runs.get(key)
        if watched is None:
            watched = self._runs[key] = WatchedRun()
            self._context.jobs.start(self._learn(seen, watched), "reading a watched run")
        elif watched.condition is not None:
            self._evaluate(seen, usage, watched)

    async def _learn(self, seen: SlotSnapshot, watched: WatchedRun) -> None:
        """Read the task of a run, and its end condition in the app that the run began in, which
        need not be the one that serves now."""
        context = self._context
        blob = await context.retry(
            lambda: context.execute(context.commands.get_record(seen.run_id))
        )
        record = readable_record(seen.run_id, blob)
        if record is None:
            return
        watched.task = record.spec.task
        executor = context.executors.at_slot(seen.slot)
        generation = 0 if executor is None else executor.generation
        manifest = context.manifests.get(generation, context.manifest)
        info = manifest.tasks.get(watched.task)
        if info is None:
            why = "whether it has an end condition is not known, nor the app that it began in"
            log.warning("run %s (%s): %s", seen.run_id, watched.task, why)
        elif info.schedule.end is not None:
            watched.zone = info.schedule.timezone
            watched.condition = context.condition_parser.parse(manifest, info.schedule.end)

    def _evaluate(self, seen: SlotSnapshot, usage: RunUsage, watched: WatchedRun) -> None:
        condition = watched.condition
        assert condition is not None
        if any(isinstance(leaf, _TREE_LEAVES) for leaf in condition.leaves()):
            _measure(usage, watched, condition)
        sample = Sample(
            # By the time that has passed: a clock that is set ends no run.
            started_at=wall_of_ns(seen.started_ns),
            memory_bytes=watched.peak_bytes,
            cpu_s=watched.cpu_s,
            output_at=self._output_at(seen, watched),
            cpu_percents=tuple(watched.percents),
        )
        host = Host(*measure_host()) if Poll.HOST in condition.polls() else None
        view = self._view_of_run(watched.task, watched.zone, sample, World(host=host))
        if view is not None and evaluate_partially(condition, view).value:
            why = "; ".join(true_leaves(condition.explain(view))) or str(condition)
            # The record is read later, and elsewhere: the facts name times of the day.
            why += f" ({format_time(view.now_us / SECOND, view.zone.tz)})"
            log.info("run %s (%s) is ended: %s", seen.run_id, watched.task, why)
            self._end(seen.run_id, Intent("end condition", why, time.time()))

    def _output_at(self, seen: SlotSnapshot, watched: WatchedRun) -> float | None:
        """Return when the run last wrote something; its scratch file is empty when it begins."""
        condition = watched.condition
        if condition is None or not any(isinstance(n, NoOutputPast) for n in condition.leaves()):
            return None
        executor = self._context.executors.at_slot(seen.slot)
        index = 0 if executor is None else seen.slot - executor.slot
        path = scratch_path(self._context.paths.output_dir, seen.exec_id, index)
        try:
            found = os.stat(path)
        except OSError:
            return None
        return time.time() - watched.output.age_s(found.st_mtime) if found.st_size else None


def _measure(usage: RunUsage, watched: WatchedRun, condition: Condition) -> None:
    """Add a sample of the run's tree to what its condition sees."""
    used_bytes = usage.memory_bytes(_lowest_bound(condition, watched.peak_bytes))
    watched.peak_bytes = max(watched.peak_bytes, used_bytes)
    now_s = time.monotonic()
    cpu_s = max(watched.cpu_s, usage.cpu_s())
    share = 0.0
    if watched.percents:
        since_s = now_s - watched.percents[-1][0]
        share = (cpu_s - watched.cpu_s) / max(since_s, 0.001)
    watched.percents.append((now_s, 100 * share))
    del watched.percents[:-PERCENTS]
    watched.cpu_s = cpu_s


def _lowest_bound(condition: Condition, peak_bytes: int) -> int:
    """Return the lowest size in the condition that the run has not exceeded yet."""
    sizes = (leaf.size_bytes for leaf in condition.leaves() if isinstance(leaf, MemoryAbove))
    return min((size for size in sizes if size >= peak_bytes), default=NO_BOUND)


def true_leaves(tree: Explanation) -> list[str]:
    """Return each true leaf with its fact, in the order of the text."""
    if not tree.children:
        return [f"`{tree.text}`: {tree.fact}"] if tree.value else []
    if tree.text.startswith("~") and len(tree.children) == 1:
        return [f"`{tree.text}`: {tree.fact}"] if tree.value else []
    return [leaf for child in tree.children for leaf in true_leaves(child)]
