"""`next`, `why`, `misses`, `enable`, `disable`, `trigger`."""

import time
from typing import Any, Final

from rtd.common.errors import BadRequest
from rtd.common.ids import new_id
from rtd.language.time.durations import SECOND
from rtd.rpc.core.request import ClientRequest
from rtd.store.commands.schedule import ALL_TASKS
from rtd.store.commands.schedule_records import OccurrenceRecord
from rtd.supervisor.core.log import log
from rtd.supervisor.explain.forecast import blocking_run, next_starts, waits_for_event
from rtd.supervisor.explain.why import explain_task as explain
from rtd.supervisor.runs.submit import SubmitRequest, submit
from rtd.supervisor.scheduler.load_planner import host_zone

MAX_STARTS: Final = 1000
#: So many are kept.
MISSES: Final = 10_000


async def next_(ask: ClientRequest) -> dict[str, Any]:
    """The coming starts."""
    name, n = ask.params["task"], ask.params["n"]
    if not 1 <= n <= MAX_STARTS:
        raise BadRequest(f"next: n must be 1 to {MAX_STARTS}, not {n}")
    planner = ask.node.scheduler.planner
    if name is not None:
        ask.context.manifest.find(name)
    if planner is None or (name is not None and name not in planner.tasks):
        return {"starts": [], "waiting": 0, "behind": []}
    now_us = max(planner.now_us, round(time.time() * SECOND))
    begun = {seen.run_id for seen in ask.context.board.scan()}
    asked = planner.tasks.values() if name is None else [planner.tasks[name]]
    behind = {e for e in asked if e.enabled and blocking_run(planner, e, begun, now_us)}
    entries = [entry for entry in asked if entry not in behind]
    starts = [] if planner.paused else next_starts(planner, entries, n, now_us)
    return {
        "starts": [
            {"task": task, "at": at_us / SECOND, "timezone": planner.tasks[task].zone.name}
            for at_us, task in starts
        ],
        "waiting": sum(1 for entry in entries if waits_for_event(entry)),
        "behind": sorted(entry.name for entry in behind),
    }


async def why(ask: ClientRequest) -> dict[str, Any]:
    """Why a task starts or does not."""
    info = ask.context.manifest.find(ask.params["task"])
    return await explain(ask.context, ask.node.scheduler.planner, info)


async def misses(ask: ClientRequest) -> dict[str, Any]:
    """Occurrences that did not just run in time. Raises UnknownTask."""
    context, task, since = ask.context, ask.params["task"], ask.params["since"]
    limit = ask.params["limit"]
    if not 0 <= limit <= MISSES:
        raise BadRequest(f"misses: limit must be 0 to {MISSES}, not {limit}")
    found: list[OccurrenceRecord] = await context.execute(context.commands.misses(MISSES))
    if task is not None and not any(due.task == task for due in found):
        context.manifest.find(task)  # one that is gone may still have some
    tasks, host = context.manifest.tasks, host_zone()
    rows = [
        _row(due, (due.task in tasks and tasks[due.task].schedule.timezone) or host)
        for due in found
        if (task is None or due.task == task) and (since is None or due.due_us / SECOND >= since)
    ]
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


async def enable(ask: ClientRequest) -> dict[str, Any]:
    """Let tasks start by their conditions."""
    return await _switch(ask, True)


async def disable(ask: ClientRequest) -> dict[str, Any]:
    """Let tasks start no more by their conditions."""
    return await _switch(ask, False)


async def _switch(ask: ClientRequest, on: bool) -> dict[str, Any]:
    names, everything = ask.params["tasks"], ask.params["all"]
    if bool(names) is everything:
        raise BadRequest("name tasks, or say all")
    scheduler = ask.node.scheduler
    scheduler.check_tasks(names)
    reason = ask.params.get("reason")
    for name in [ALL_TASKS] if everything else names:
        await scheduler.switch(name, on)
        said = f"{'enabled' if on else 'disabled'} {'all tasks' if name == ALL_TASKS else name}"
        log.info("%s %s%s", ask.client.peer.text, said, f": {reason}" if reason else "")
    return {"tasks": [{"task": name, "enabled": on} for name in names or [ALL_TASKS]]}


async def trigger(ask: ClientRequest) -> dict[str, Any]:
    """Start a task now."""
    name, run_id = ask.params["task"], new_id()
    request = SubmitRequest(
        task=name,
        many=[ask.params["params"]],
        ids=[run_id],
        key=None,
        options={},
        by=ask.client.peer.text,
    )
    with ask.node.scheduler.about_to_start(name, run_id):
        await submit(ask.context, request)
    return {"id": run_id}
