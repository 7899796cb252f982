"""Tasks that start on an occasion: the daemon's start, its end, or that it first sees them."""

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final, NamedTuple

from rtd.common.errors import RtdError, ShuttingDown, StoreGone
from rtd.language.core.view import Answer
from rtd.language.three_valued import certain
from rtd.model.manifest import Manifest, TaskInfo
from rtd.model.run_record import decode
from rtd.model.run_states import TERMINAL
from rtd.supervisor.core.context import Core
from rtd.supervisor.core.run_helpers import cancel_waiting
from rtd.supervisor.runs.submit import Request, submit
from rtd.supervisor.scheduler.load_planner import load_apart

STARTUP: Final = "startup"
SHUTDOWN: Final = "shutdown"
FORCE_RUN: Final = "force_run"


#: Asks custom conditions by their texts; gives those that answered.
Ask = Callable[[set[str]], Awaitable[Mapping[str, Answer]]]


class Planned(NamedTuple):
    """A run that is to be made: of which task, under which id."""

    task: str
    run: str


def on_startup(manifest: Manifest) -> list[TaskInfo]:
    """The tasks that run when the daemon starts, the highest priority first."""
    return _by_priority(info for info in manifest.tasks.values() if info.on_startup)


def on_shutdown(manifest: Manifest) -> list[TaskInfo]:
    """The tasks that run when the daemon ends, the highest priority first."""
    return _by_priority(info for info in manifest.tasks.values() if info.on_shutdown)


def forced(manifest: Manifest) -> list[TaskInfo]:
    """The tasks that run once when they are first seen."""
    return [info for info in manifest.tasks.values() if info.force_run]


def _by_priority(infos: Iterable[TaskInfo]) -> list[TaskInfo]:
    return sorted(infos, key=lambda info: info.policies.priority, reverse=True)


async def ready(core: Core, infos: list[TaskInfo], ask: Ask) -> list[TaskInfo]:
    """Those of them that are enabled and whose start condition, if there is one, holds now.

    Args:
        ask: asks the custom conditions that decide; one without an answer holds its task back.

    Raises:
        StoreGone: Redis does not answer.
    """
    if not infos:
        return []
    planner, kept = await load_apart(core, [i for i in infos if i.schedule.start is not None])
    now_us = max(time.time_ns() // 1000, planner.past.newest_us)
    enabled = [info for info in infos if kept.off.get(info.name, info.schedule.enabled)]
    entries = [entry for info in enabled if (entry := planner.entries.get(info.name))]
    texts = {
        text
        for entry in entries
        for text in certain(entry.condition, planner.view_of(entry, now_us)).texts
    }
    answers = await ask(texts) if texts else {}
    held = {
        entry.name
        for entry in entries
        if not certain(entry.condition, planner.view_of(entry, now_us, answers)).value
    }
    return [info for info in enabled if info.name not in held]


async def make(core: Core, planned: Iterable[Planned], by: str, apart: str = "") -> list[str]:
    """Queue these runs, in their order; twice is once. Gives the ids of those that were made.

    A task that cannot be submitted is a fault.

    Args:
        by: what the record says of who submitted them.
        apart: see `submit`.

    Raises:
        StoreGone: Redis does not answer; some may have been queued.
    """
    made = []
    for task, run_id in planned:
        request = Request(task=task, many=[{}], ids=[run_id], key=None, options={}, by=by)
        try:
            await submit(core, request, apart=apart)
        except StoreGone:
            raise
        except ShuttingDown:
            break
        except RtdError as error:
            core.faults.note("task", task, f"{by}: {error.sentence}")
        else:
            made.append(run_id)
    return made


async def withdraw(core: Core, ids: Iterable[str]) -> None:
    """Runs that a daemon made at its end and that have not begun are not to wait for the next
    end of one. Raises StoreGone."""
    for run in list(ids):
        blob = await core.ask(core.calls.get(run))
        if blob is not None and decode(blob).state not in TERMINAL:
            await cancel_waiting(core, blob, "drain", "the daemon ended before it", time.time())
