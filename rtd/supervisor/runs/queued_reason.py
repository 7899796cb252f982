"""The reason why a run is queued: the first of the obstacles to its start."""

import time

from rtd.model.run_record import RunRecord
from rtd.store.commands.reads import LaneLoad
from rtd.supervisor.core.context import SupervisorContext


async def queued_reason(context: SupervisorContext, record: RunRecord, due_at: float | None) -> str:
    """Return one sentence; empty: nothing keeps the run from starting.

    Args:
        record: of a queued run that no executor has.
        due_at: when it is due, if it is delayed.
    """
    spec, calls = record.spec, context.commands
    if due_at is not None and due_at > time.time():
        return "it is not due yet"
    paused: bool
    running: int
    load: LaneLoad
    paused, running, load = await context.redis.execute_all(
        calls.is_paused(spec.queue), calls.count_running(spec.task), calls.lane_load(spec.lane)
    )
    if paused:
        return f"its queue is paused; `rtctl queue resume {spec.queue}` lets it go on"
    most = spec.opts.get("max_concurrency")
    if most is not None and running >= most:
        count = "one run" if most == 1 else f"{most} runs"
        return f"{spec.task} is at its limit: {count} at once"
    lane = spec.lane.partition("@")[0]
    if load.execs == 0:
        return f"lane {lane} has no executor"
    if load.idle == 0:
        others = f", {load.queued:,} runs wait" if load.queued > 1 else ""
        return f"lane {lane} has no idle executor: {load.execs} busy{others}"
    return ""
