"""From Redis and the app to a planner that knows all that has been."""

import os
import time
from collections.abc import Iterable, Iterator

from rtd.common.local_timezone import local_timezone
from rtd.language.core.condition import Condition
from rtd.language.core.view import Host
from rtd.language.time.time_zones import zone_of
from rtd.model.manifest import TaskInfo
from rtd.planner.planner import Planner
from rtd.process.tree.host_load import measure_host
from rtd.store.commands.schedule import ALL, Kept, kept_of
from rtd.supervisor.core.context import Core
from rtd.supervisor.core.log import log
from rtd.supervisor.core.run_waiters import chunks
from rtd.supervisor.runs.kept_results import session_values
from rtd.supervisor.scheduler import task_conditions
from rtd.supervisor.scheduler.restore_history import ask_of, remember, watch


def host_zone() -> str:
    """The host's time zone, UTC if nobody knows it here."""
    name = local_timezone()
    try:
        zone_of(name)
    except ValueError as error:
        log.warning("conditions are read in UTC: %s", error)
        return "UTC"
    return name


async def load(core: Core, started_us: int, now_us: int) -> tuple[Planner, Kept] | None:
    """A planner of the tasks of the serving app, not begun yet; None: no task has a condition.

    From then on Redis rings for what concerns it.

    Args:
        started_us: when the scheduler started.
        now_us: what was due before it is none of a task's that was never served.

    Raises:
        StoreGone: Redis does not answer.
    """
    scheduled = [i for i in core.manifest.tasks.values() if i.schedule.start is not None]
    ended = [i for i in core.manifest.tasks.values() if i.schedule.end is not None]
    if not scheduled and not ended and not any(former_ends(core)):
        await watch(core, set())
        await ask_of(core, set())
        return None
    planner = _planner(core, started_us, scheduled, ended)
    await watch(core, planner.watched)
    await ask_of(core, planner.asks)
    by_itself = [i for i in scheduled if i.starts_by_itself and core.scheduling]
    if len(by_itself) < len(scheduled):
        scheduled = by_itself
        planner = _planner(core, started_us, scheduled, ended)
    kept = kept_of(await core.redis.call(*core.calls.schedule_kept()))
    if not core.scheduling:
        kept = kept._replace(owed=[])  # it stays for when there is a schedule
    for info in scheduled:
        enabled = kept.off.get(info.name, info.schedule.enabled)
        planner.entries[info.name].enabled = enabled and info.incomplete is None
    await _note_since(core, planner, now_us)
    planner.paused = not kept.off.get(ALL, True) or await core.ask(core.calls.halt()) is not None
    planner.set_params(await session_values(core))
    await remember(core, planner, kept)
    await task_conditions.begin(core, planner)
    return planner, kept


def former_ends(core: Core) -> Iterator[tuple[str, Condition]]:
    """The end conditions of tasks as earlier generations of the app have them that still live:
    their runs go on, and end by these."""
    for manifest in core.manifests.values():
        if manifest is not core.manifest:
            for info in manifest.tasks.values():
                if info.schedule.end is not None:
                    yield info.name, core.reader.read(manifest, info.schedule.end)


async def _note_since(core: Core, planner: Planner, now_us: int) -> None:
    """A task that is new is not made up for what was due before it was there."""
    since = await core.ask(core.calls.served_since())
    new = [name for name in planner.entries if name not in since]
    for chunk in chunks(new):
        await core.ask(core.calls.note_served(chunk, now_us))
    for name, entry in planner.entries.items():
        entry.since_us = min(since.get(name, now_us), now_us)


async def load_apart(core: Core, infos: Iterable[TaskInfo]) -> tuple[Planner, Kept]:
    """A planner of these tasks alone, which shows what their conditions say now and is never
    begun. Raises StoreGone."""
    planner = _planner(core, time.time_ns() // 1000, infos, ())
    kept = kept_of(await core.redis.call(*core.calls.schedule_kept()))
    planner.set_params(await session_values(core))
    await remember(core, planner, kept._replace(owed=[]))
    await task_conditions.begin(core, planner)
    if planner.wants_host:
        planner.set_host(Host(*measure_host()))
    return planner, kept


def _planner(
    core: Core, started_us: int, scheduled: Iterable[TaskInfo], ended: Iterable[TaskInfo]
) -> Planner:
    planner = Planner(started_us, host_zone(), dict(os.environ), core.read)
    planner.names.update(core.manifest.tasks)
    for info in scheduled:
        planner.add(info.name, info.schedule)
    for info in ended:
        planner.add_end(info.name, info.schedule.end or "", info.schedule.timezone)
    planner.watch({info.task for info in core.manifest.info.custom.values() if info.task})
    for name, condition in former_ends(core):
        planner.watch(task or name for task in condition.depends())
        planner.ask_of(condition)
    return planner
