"""Tasks that start on an occasion: the daemon's start, its end, or that it first sees them."""

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final, NamedTuple

from rtd.common.errors import RtdError, ShuttingDown, StoreGone
from rtd.language.core.view import Answer
from rtd.language.three_valued import evaluate_partially
from rtd.model.manifest import Manifest, TaskInfo
from rtd.model.run_record import decode_record
from rtd.model.run_states import TERMINAL
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.run_helpers import cancel_waiting
from rtd.supervisor.runs.submit import SubmitRequest, submit
from rtd.supervisor.scheduler.load_planner import load_snapshot

STARTUP: Final = "startup"
SHUTDOWN: Final = "shutdown"
FORCE_RUN: Final = "force_run"


#: Asks custom conditions by their texts; gives those that answered.
EvaluateCustoms = Callable[[set[str]], Awaitable[Mapping[str, Answer]]]


class PlannedRun(NamedTuple):
    """A run that is to be made: of which task, under which id."""

    task: str
    run: str


def tasks_on(kind: str, manifest: Manifest) -> list[TaskInfo]:
    """Return the tasks that run on `startup` or `shutdown`, the highest priority first."""
    infos = [info for info in manifest.tasks.values() if kind in info.occasions]
    return sorted(infos, key=lambda info: info.policies.priority, reverse=True)


def forced_tasks(manifest: Manifest) -> list[TaskInfo]:
    """The tasks that run once when they are first seen."""
    return [info for info in manifest.tasks.values() if info.force_run]


async def runnable(
    context: SupervisorContext, infos: list[TaskInfo], ask: EvaluateCustoms
) -> list[TaskInfo]:
    """Those of them that are enabled and whose start condition, if there is one, holds now.

    Args:
        ask: asks the custom conditions that decide; one without an answer holds its task back.

    Raises:
        StoreGone: Redis does not answer.
    """
    if not infos:
        return []
    planner, kept = await load_snapshot(context, [i for i in infos if i.schedule.start is not None])
    now_us = max(time.time_ns() // 1000, planner.history.newest_us)
    enabled = [info for info in infos if kept.switches.get(info.name, info.schedule.enabled)]
    tasks = [task for info in enabled if (task := planner.tasks.get(info.name))]
    view_of, unknown = planner.views.view_of, set[str]()
    for task in tasks:
        unknown |= evaluate_partially(task.condition, view_of(task, now_us)).unknown
    values = await ask(unknown) if unknown else {}
    held = {
        task.name
        for task in tasks
        if not evaluate_partially(task.condition, view_of(task, now_us, values)).value
    }
    return [info for info in enabled if info.name not in held]


async def submit_planned(
    context: SupervisorContext, planned: Iterable[PlannedRun], by: str, apart: str = ""
) -> list[str]:
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
        request = SubmitRequest(task=task, many=[{}], ids=[run_id], key=None, options={}, by=by)
        try:
            await submit(context, request, apart=apart)
        except StoreGone:
            raise
        except ShuttingDown:
            break
        except RtdError as error:
            context.faults.record("task", task, f"{by}: {error.sentence}")
        else:
            made.append(run_id)
    return made


async def withdraw_runs(context: SupervisorContext, ids: Iterable[str]) -> None:
    """Runs that a daemon made at its end and that have not begun are not to wait for the next
    end of one. Raises StoreGone."""
    for run in list(ids):
        blob = await context.execute(context.commands.get_record(run))
        if blob is not None and decode_record(blob).state not in TERMINAL:
            await cancel_waiting(context, blob, "drain", "the daemon ended before it", time.time())
