"""Tasks that start with the daemon, with its end, or when the daemon first sees them."""

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final, NamedTuple

from rtd.common.errors import RtdError, ShuttingDown, StoreGone
from rtd.language.core.view import Answer
from rtd.language.three_valued import evaluate_partially
from rtd.model.manifest import Manifest, TaskInfo
from rtd.model.run_states import TERMINAL
from rtd.store.commands.stored_records import readable_record
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.run_helpers import cancel_waiting
from rtd.supervisor.runs.submit import SubmitRequest, submit
from rtd.supervisor.scheduler.load_planner import load_snapshot

STARTUP: Final = "startup"
SHUTDOWN: Final = "shutdown"
FORCE_RUN: Final = "force_run"


#: Evaluates custom conditions; returns the values of those that have answered.
EvaluateCustoms = Callable[[set[str]], Awaitable[Mapping[str, Answer]]]


class PlannedRun(NamedTuple):
    """A run that will be queued: its task and its id."""

    task: str
    run: str


def tasks_on(kind: str, manifest: Manifest) -> list[TaskInfo]:
    """Return the tasks that run on `startup` or `shutdown`, the highest priority first."""
    infos = [info for info in manifest.tasks.values() if kind in info.occasions]
    return sorted(infos, key=lambda info: info.policies.priority, reverse=True)


def forced_tasks(manifest: Manifest) -> list[TaskInfo]:
    """Return the tasks that run once when the daemon first sees them."""
    return [info for info in manifest.tasks.values() if info.force_run]


async def runnable(
    context: SupervisorContext, infos: list[TaskInfo], evaluate: EvaluateCustoms
) -> list[TaskInfo]:
    """Return the tasks that are enabled and whose start condition, if any, holds now.

    Args:
        evaluate: evaluates the custom conditions that decide; a task does not run if one of
            them has no value.

    Raises:
        StoreGone: Redis does not answer.
    """
    if not infos:
        return []
    planner, state = await load_snapshot(
        context, [i for i in infos if i.schedule.start is not None]
    )
    now_us = max(time.time_ns() // 1000, planner.history.newest_us)
    enabled = [info for info in infos if state.switches.get(info.name, info.schedule.enabled)]
    tasks = [task for info in enabled if (task := planner.tasks.get(info.name))]
    view_of, unknown = planner.views.view_of, set[str]()
    for task in tasks:
        unknown |= evaluate_partially(task.condition, view_of(task, now_us)).unknown
    values = await evaluate(unknown) if unknown else {}
    held_back = {
        task.name
        for task in tasks
        if not evaluate_partially(task.condition, view_of(task, now_us, values)).value
    }
    return [info for info in enabled if info.name not in held_back]


async def submit_planned(
    context: SupervisorContext, planned: Iterable[PlannedRun], by: str, lane_suffix: str = ""
) -> list[str]:
    """Queue these runs, in their order; return the ids of those that were queued.

    Repeating the call queues none twice. A task that cannot be submitted is a fault.

    Args:
        by: the submitter, as their records name it.
        lane_suffix: see `rtd.supervisor.runs.submit.submit`.

    Raises:
        StoreGone: Redis does not answer; some may have been queued.
    """
    queued = []
    for task, run_id in planned:
        request = SubmitRequest(task=task, many=[{}], ids=[run_id], key=None, options={}, by=by)
        try:
            await submit(context, request, lane_suffix=lane_suffix)
        except StoreGone:
            raise
        except ShuttingDown:
            break
        except RtdError as error:
            context.faults.record("task", task, f"{by}: {error.sentence}")
        else:
            queued.append(run_id)
    return queued


async def withdraw_runs(context: SupervisorContext, ids: Iterable[str]) -> None:
    """Cancel those runs that have not begun, so that they do not wait for the next shutdown.

    Raises:
        StoreGone: Redis does not answer.
    """
    for run in list(ids):
        blob = await context.execute(context.commands.get_record(run))
        record = readable_record(run, blob)
        if record is not None and record.state not in TERMINAL:
            why = "the daemon ended before it"
            await cancel_waiting(context, blob, record, "drain", why, time.time())
