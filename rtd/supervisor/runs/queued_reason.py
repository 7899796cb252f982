"""Why a queued run does not begin: the first thing that holds it."""

import time
from typing import NamedTuple

from rtd.model.run_record import RunRecord
from rtd.store.commands.reads import LaneLoad
from rtd.supervisor.core.context import SupervisorContext


class QueuedReason(NamedTuple):
    """The kind of a hold, for programs, and a sentence, which may be empty.

    The kinds are those of holds in the answer of the verb `why`: `due`, `backoff`,
    `queue_paused`, `concurrency`, and `queued` for a run that waits for an executor.
    """

    kind: str
    text: str


async def queued_reason(
    context: SupervisorContext, record: RunRecord, due_at: float | None
) -> QueuedReason:
    """Return what holds a run that is queued and that no executor has. Raises StoreGone.

    Args:
        due_at: when the run is due, if it is delayed.
    """
    spec, calls = record.spec, context.commands
    if due_at is not None and due_at > time.time():
        if record.attempts:
            return QueuedReason("backoff", "its next attempt is not due yet")
        return QueuedReason("due", "it is not due yet")
    paused: bool
    running: int
    is_declined: bool
    load: LaneLoad
    other: str
    paused, running, other, is_declined, load = await context.redis.execute_all(
        calls.is_paused(spec.queue),
        calls.count_running(spec.task),
        calls.any_running(spec.task),
        calls.is_declined(spec.lane, spec.task),
        calls.lane_load(spec.lane, context.config.node),
    )
    if paused:
        text = f"its queue is paused; `rtctl queue resume {spec.queue}` resumes it"
        return QueuedReason("queue_paused", text)
    limit = spec.opts.get("max_concurrency")
    if limit is not None and running >= limit:
        return QueuedReason("concurrency", _limit_text(context, spec.task, limit, other))
    lane = spec.lane.partition("@")[0]
    if is_declined and spec.task not in context.manifest.tasks:
        return QueuedReason("queued", f"it waits for lane {lane} of a node that has its task")
    return QueuedReason("queued", _lane_text(lane, load))


def _limit_text(context: SupervisorContext, task: str, limit: int, other: str) -> str:
    info = context.manifest.tasks.get(task)
    if info is not None and info.never_overlaps and limit == 1:
        return (
            f"run {other} of {task} is running, and runs of {task} do not overlap"
            " (overlap=True lets them)"
        )
    count = "one run" if limit == 1 else f"{limit} runs"
    return f"{task} is at its limit: {count} at once (max_concurrency={limit})"


def _lane_text(lane: str, load: LaneLoad) -> str:
    if load.execs == 0:
        return f"lane {lane} has no executor"
    if load.idle == 0:
        others = f", {load.queued:,} runs wait" if load.queued > 1 else ""
        return f"lane {lane} has no idle executor: {load.execs} busy{others}"
    return ""
