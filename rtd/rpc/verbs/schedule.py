"""`next`, `why`, `misses`, `enable`, `disable`, `trigger`."""

import time
from typing import Any, Final

from rtd.common.errors import BadRequest
from rtd.common.ids import new_id
from rtd.language.time.durations import SECOND
from rtd.rpc.core.request import Ask
from rtd.store.commands.schedule import ALL, Due
from rtd.supervisor.core.log import log
from rtd.supervisor.explain.forecast import next_starts, waits_behind, waits_for_event
from rtd.supervisor.explain.why import why as explain
from rtd.supervisor.runs.submit import Request, submit
from rtd.supervisor.scheduler.load_planner import host_zone

MOST: Final = 1000
#: So many are kept.
MISSES: Final = 10_000


async def next_(ask: Ask) -> dict[str, Any]:
    """The coming starts."""
    name, n = ask.params["task"], ask.params["n"]
    if not 1 <= n <= MOST:
        raise BadRequest(f"next: n must be 1 to {MOST}, not {n}")
    planner = ask.node.scheduler.planner
    if name is not None:
        ask.core.manifest.find(name)
    if planner is None or (name is not None and name not in planner.entries):
        return {"starts": [], "waiting": 0, "behind": []}
    now_us = max(planner.now_us, round(time.time() * SECOND))
    begun = {seen.run_id for seen in ask.core.board.scan()}
    asked = planner.entries.values() if name is None else [planner.entries[name]]
    behind = {e for e in asked if e.enabled and waits_behind(planner, e, begun, now_us)}
    entries = [entry for entry in asked if entry not in behind]
    starts = [] if planner.paused else next_starts(planner, entries, n, now_us)
    return {
        "starts": [
            {"task": task, "at": at_us / SECOND, "timezone": planner.entries[task].zone.name}
            for at_us, task in starts
        ],
        "waiting": sum(1 for entry in entries if waits_for_event(entry)),
        "behind": sorted(entry.name for entry in behind),
    }


async def why(ask: Ask) -> dict[str, Any]:
    """Why a task starts or does not."""
    info = ask.core.manifest.find(ask.params["task"])
    return await explain(ask.core, ask.node.scheduler.planner, info)


async def misses(ask: Ask) -> dict[str, Any]:
    """Occurrences that did not just run in time. Raises UnknownTask."""
    core, task, since = ask.core, ask.params["task"], ask.params["since"]
    limit = ask.params["limit"]
    if not 0 <= limit <= MISSES:
        raise BadRequest(f"misses: limit must be 0 to {MISSES}, not {limit}")
    found: list[Due] = await core.ask(core.calls.misses(MISSES))
    if task is not None and not any(due.task == task for due in found):
        core.manifest.find(task)  # one that is gone may still have some
    tasks, host = core.manifest.tasks, host_zone()
    rows = [
        _row(due, (due.task in tasks and tasks[due.task].schedule.timezone) or host)
        for due in found
        if (task is None or due.task == task) and (since is None or due.due_us / SECOND >= since)
    ]
    return {"misses": rows[:limit]}


def _row(due: Due, zone: str) -> dict[str, Any]:
    verdict, run, reason = due.note.split("|", 2)
    return {
        "task": due.task,
        "due_at": due.due_us / SECOND,
        "verdict": verdict,
        "run": run or None,
        "reason": reason,
        "timezone": zone,
    }


async def enable(ask: Ask) -> dict[str, Any]:
    """Let tasks start by their conditions."""
    return await _switch(ask, True)


async def disable(ask: Ask) -> dict[str, Any]:
    """Let tasks start no more by their conditions."""
    return await _switch(ask, False)


async def _switch(ask: Ask, on: bool) -> dict[str, Any]:
    names, everything = ask.params["tasks"], ask.params["all"]
    if bool(names) is everything:
        raise BadRequest("name tasks, or say all")
    scheduler = ask.node.scheduler
    scheduler.check(names)
    reason = ask.params.get("reason")
    for name in [ALL] if everything else names:
        await scheduler.switch(name, on)
        said = f"{'enabled' if on else 'disabled'} {'all tasks' if name == ALL else name}"
        log.info("%s %s%s", ask.client.peer.text, said, f": {reason}" if reason else "")
    return {"tasks": [{"task": name, "enabled": on} for name in names or [ALL]]}


async def trigger(ask: Ask) -> dict[str, Any]:
    """Start a task now."""
    name, run_id = ask.params["task"], new_id()
    request = Request(
        task=name,
        many=[ask.params["params"]],
        ids=[run_id],
        key=None,
        options={},
        by=ask.client.peer.text,
    )
    with ask.node.scheduler.about_to_start(name, run_id):
        await submit(ask.core, request)
    return {"id": run_id}
