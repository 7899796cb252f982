"""`next`, `why`, `misses`, `enable`, `disable`, `trigger`: tasks that start by conditions."""

import time
from typing import Any, Final

from rtd.common.errors import BadRequest
from rtd.common.ids import new_id
from rtd.common.local_timezone import local_timezone
from rtd.language.core.durations import SECOND
from rtd.protocol import schedule_verbs
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.run_rows import RunRows
from rtd.rpc.core.target_limit import check_targets
from rtd.rpc.core.verb_handlers import handles
from rtd.store.commands.schedule import ALL_TASKS
from rtd.store.commands.schedule_records import OccurrenceRecord
from rtd.supervisor.core.log import log
from rtd.supervisor.explain.forecast import blocking_run, next_starts, waits_for_event
from rtd.supervisor.explain.latest_runs import latest_unsuccessful
from rtd.supervisor.explain.why import explain_task as explain
from rtd.supervisor.lifecycle.local_task import explain_local_task
from rtd.supervisor.runs.submit import SubmitRequest, submit
from rtd.supervisor.scheduler.manual_start import about_to_start, check_startable

MAX_STARTS: Final = 1000
#: How many occurrences Redis keeps.
MISSES: Final = 10_000


@handles(schedule_verbs.NEXT)
async def next_(request: ClientRequest) -> dict[str, Any]:
    """Return the coming starts."""
    name, n, each = (request.params[one] for one in ("task", "n", "each"))
    if each is not None and each < 1:
        raise BadRequest(f"next: each must be 1 or more, not {each}")
    if not 1 <= n <= MAX_STARTS:
        raise BadRequest(f"next: n must be 1 to {MAX_STARTS}, not {n}")
    planner = request.node.scheduler.planner
    if name is not None:
        request.context.manifest.find(name)
    if planner is None or (name is not None and name not in planner.tasks):
        return {"starts": [], "waiting": 0, "waiters": [], "behind": []}
    now_us = max(planner.now_us, round(time.time() * SECOND))
    begun = {seen.run_id for seen in request.context.busy_slots()}
    asked = planner.tasks.values() if name is None else [planner.tasks[name]]
    behind = {e for e in asked if e.enabled and blocking_run(planner, e, begun, now_us)}
    entries = [entry for entry in asked if entry not in behind]
    starts = [] if planner.paused else await next_starts(planner, entries, n, now_us, each)
    waiters = sorted(entry.name for entry in entries if entry.enabled and waits_for_event(entry))
    return {
        "starts": [
            {"task": task, "at": at_us / SECOND, "timezone": planner.tasks[task].zone.name}
            for at_us, task in starts
        ],
        "waiting": len(waiters),
        "waiters": waiters,
        "behind": sorted(entry.name for entry in behind),
    }


@handles(schedule_verbs.WHY)
async def why(request: ClientRequest) -> dict[str, Any]:
    """Explain why a task starts or does not."""
    info = request.context.manifest.find(request.params["task"])
    context = request.context
    answer = await explain(context, request.node.scheduler.planner, info)
    local = request.node.local_tasks.of_task(info.name)
    if local and info.schedule.start is None:
        answer |= explain_local_task(local)
    failed = await latest_unsuccessful(context, info.name)
    answer["last_failure"] = None if failed is None else RunRows(context).of_record(failed)
    found: list[OccurrenceRecord] = await context.execute(context.commands.misses(MISSES))
    zone = answer["timezone"] = info.schedule.timezone or local_timezone()
    answer["last_miss"] = next((_row(due, zone) for due in found if due.task == info.name), None)
    return answer


@handles(schedule_verbs.MISSES)
async def misses(request: ClientRequest) -> dict[str, Any]:
    """Return occurrences that did not just run in time. Raises UnknownTask."""
    context, task, since = request.context, request.params["task"], request.params["since"]
    limit, until = request.params["limit"], request.params["until"]
    if not 0 <= limit <= MISSES:
        raise BadRequest(f"misses: limit must be 0 to {MISSES}, not {limit}")
    found: list[OccurrenceRecord] = await context.execute(context.commands.misses(MISSES))
    if task is not None and not any(due.task == task for due in found):
        context.manifest.find(task)  # a task that is gone may still have some
    tasks, host = context.manifest.tasks, local_timezone()
    rows = [
        _row(due, (due.task in tasks and tasks[due.task].schedule.timezone) or host)
        for due in found
        if (task is None or due.task == task)
        and (since is None or due.due_us / SECOND >= since)
        and (until is None or due.due_us / SECOND <= until)
    ]
    rows.sort(key=lambda row: -row["due_at"])  # they are recorded in another order at a start
    return {"misses": rows[:limit]}


def _row(due: OccurrenceRecord, zone: str) -> dict[str, Any]:
    verdict, run, reason = due.note.split("|", 2)
    return {
        "task": due.task,
        "due_at": due.due_us / SECOND,
        "verdict": verdict,
        "run": run or None,
        "reason": reason,
        "timezone": zone,
    }


@handles(schedule_verbs.ENABLE)
async def enable(request: ClientRequest) -> dict[str, Any]:
    """Let tasks start by their conditions."""
    return await _switch(request, True)


@handles(schedule_verbs.DISABLE)
async def disable(request: ClientRequest) -> dict[str, Any]:
    """Stop starting tasks by their conditions."""
    return await _switch(request, False)


async def _switch(request: ClientRequest, on: bool) -> dict[str, Any]:
    names, everything = request.params["tasks"], request.params["all"]
    if bool(names) is everything:
        raise BadRequest("name tasks, or say all")
    check_targets(request, names, "tasks")
    check_startable(request.context, names)
    reason = request.params.get("reason")
    for name in [ALL_TASKS] if everything else names:
        await request.node.schedule_events.switch(name, on)
        change = f"{'enabled' if on else 'disabled'} {'all tasks' if name == ALL_TASKS else name}"
        log.info("%s %s%s", request.client.peer.text, change, f": {reason}" if reason else "")
    return {"tasks": [{"task": name, "enabled": on} for name in names or [ALL_TASKS]]}


@handles(schedule_verbs.TRIGGER)
async def trigger(request: ClientRequest) -> dict[str, Any]:
    """Start a task now."""
    name, run_id = request.params["task"], new_id()
    submit_request = SubmitRequest(
        task=name,
        many=[request.params["params"]],
        ids=[run_id],
        key=None,
        options={},
        by=request.client.peer.text,
    )
    with about_to_start(request.context, request.node.scheduler, name, run_id):
        await submit(request.context, submit_request)
    return {"id": run_id}
