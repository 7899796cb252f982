"""Loads a planner: the tasks of the app, and their history from Redis."""

import gc
import os
import time
from collections.abc import Iterable, Iterator
from typing import Final

from rtd.common.local_timezone import local_timezone
from rtd.language.core.condition import Condition
from rtd.language.core.view import Host
from rtd.model.manifest import TaskInfo
from rtd.planner.planner import Planner
from rtd.process.tree.host_load import measure_host
from rtd.store.commands.schedule import ALL_TASKS
from rtd.store.commands.schedule_records import SchedulerState, parse_scheduler_state
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.run_waiters import chunks
from rtd.supervisor.runs.kept_results import session_values
from rtd.supervisor.runs.node_tasks import set_tasks
from rtd.supervisor.scheduler import task_conditions
from rtd.supervisor.scheduler.restore_history import restore_history

#: Objects that are made between two collections of the youngest generation, and how many of these
#: come between two of the older ones. The second looks at 20,000 objects, which takes 10 to 20 ms.
GC_THRESHOLDS: Final = (5_000, 4, 200)


async def load_planner(
    context: SupervisorContext, started_us: int, now_us: int
) -> tuple[Planner, SchedulerState] | None:
    """Return a planner of the serving app's tasks, not begun yet; None: no task has a condition.

    From then on Redis sends notifications of the runs that concern it.

    Args:
        started_us: when the scheduler started.
        now_us: the time; a task that was never served before is served since then.

    Raises:
        StoreGone: Redis does not answer.
    """
    scheduled = [i for i in context.manifest.tasks.values() if i.schedule.start is not None]
    ended = [i for i in context.manifest.tasks.values() if i.schedule.end is not None]
    if not scheduled and not ended and not any(former_end_conditions(context)):
        await set_tasks(context, "watched", ())
        await set_tasks(context, "asked", ())
        return None
    planner = _planner(context, started_us, scheduled, ended)
    await set_tasks(context, "watched", planner.index.watched_tasks)
    await set_tasks(context, "asked", planner.index.begin_tasks)
    by_itself = [i for i in scheduled if i.starts_by_itself and context.gate.has_opened]
    if len(by_itself) < len(scheduled):
        scheduled = by_itself
        planner = _planner(context, started_us, scheduled, ended)
    state = parse_scheduler_state(
        await context.redis.execute_all(*context.commands.get_scheduler_state())
    )
    if not context.gate.has_opened:
        state = state._replace(catch_ups=[])  # they stay for when there is a schedule
    for info in scheduled:
        enabled = state.switches.get(info.name, info.schedule.enabled)
        planner.enable(info.name, enabled and info.incomplete_reason is None)
    await _record_served_since(context, planner, now_us)
    halt = await context.execute(context.commands.get_halt())
    planner.pause(not state.switches.get(ALL_TASKS, True) or halt is not None)
    planner.events.set_params(await session_values(context))
    await restore_history(context, planner, state)
    for name, due_us in state.last["d"].items():
        if name in planner.tasks and due_us <= now_us:  # later: the clock was set back
            planner.tasks[name].use_up(due_us)
    await task_conditions.restore_values(context, planner)
    return planner, state


def former_end_conditions(context: SupervisorContext) -> Iterator[tuple[str, Condition]]:
    """Yield the end conditions of earlier generations of the app that still live: their runs go
    on, and end by these."""
    for manifest in context.manifests.values():
        if manifest is not context.manifest:
            for info in manifest.tasks.values():
                if info.schedule.end is not None:
                    yield info.name, context.condition_parser.parse(manifest, info.schedule.end)


async def _record_served_since(context: SupervisorContext, planner: Planner, now_us: int) -> None:
    """Record since when each task is served; what was due before that is no misfire."""
    since = await context.execute(context.commands.served_since())
    new = [name for name in planner.tasks if name not in since]
    for chunk in chunks(new):
        await context.execute(context.commands.record_served(chunk, now_us))
    for name, task in planner.tasks.items():
        task.serve_since(min(since.get(name, now_us), now_us))


async def load_snapshot(
    context: SupervisorContext, infos: Iterable[TaskInfo]
) -> tuple[Planner, SchedulerState]:
    """Return a planner of these tasks alone, to evaluate their conditions now; it is never begun.

    Raises:
        StoreGone: Redis does not answer.
    """
    planner = _planner(context, time.time_ns() // 1000, infos, ())
    state = parse_scheduler_state(
        await context.redis.execute_all(*context.commands.get_scheduler_state())
    )
    planner.events.set_params(await session_values(context))
    await restore_history(context, planner, state._replace(catch_ups=[]))
    await task_conditions.restore_values(context, planner)
    if planner.index.wants_host:
        planner.views.set_host(Host(*measure_host()))
    return planner, state


def _planner(
    context: SupervisorContext,
    started_us: int,
    scheduled: Iterable[TaskInfo],
    ended: Iterable[TaskInfo],
) -> Planner:
    planner = Planner(started_us, local_timezone(), dict(os.environ), context.parse_condition)
    planner.views.names.update(context.manifest.tasks)
    for info in scheduled:
        planner.add(info.name, info.schedule)
    for info in ended:
        planner.add_end_condition(info.name, info.schedule.end or "", info.schedule.timezone)
    customs = context.manifest.info.custom.values()
    planner.index.watch_tasks(info.task for info in customs if info.task)
    for name, condition in former_end_conditions(context):
        planner.index.add_end_condition(name, condition)
    return planner


def tune_gc() -> None:
    """Exclude all objects that exist now from garbage collections, after a last one.

    To be called when a planner has been loaded, or when there is none to load. A full collection
    takes a twentieth of a second, with very many tasks a tenth, and comes at any moment: also when
    tasks are due.
    """
    gc.set_threshold(*GC_THRESHOLDS)
    gc.unfreeze()
    gc.collect()
    gc.freeze()
