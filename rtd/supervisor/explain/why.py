"""Explains why a task starts or does not: its condition, and everything else that holds it."""

import dataclasses
import time
from collections.abc import Iterable
from typing import Any, Final

from rtd.common.format_units import format_time
from rtd.language.core.durations import SECOND
from rtd.language.core.time_zones import Zone
from rtd.language.three_valued import evaluate_partially
from rtd.model.manifest import TaskInfo
from rtd.planner.planner import Planner
from rtd.planner.scheduled_task import ONCE, ScheduledTask
from rtd.store.commands.schedule import ALL_TASKS
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.explain.blocking_runs import Hold, blocking_runs, make_hold
from rtd.supervisor.explain.forecast import Pauses, next_true_at

STARTS_NOW: Final = "it starts now"
#: The kind of the hold of a paused queue.
PAUSED: Final = "queue_paused"
#: Kinds of holds of a run that has not begun.
WAITING: Final = frozenset({"queued", PAUSED, "concurrency"})


async def explain_task(
    context: SupervisorContext, planner: Planner | None, info: TaskInfo
) -> dict[str, Any]:
    """Return the answer of the verb `why`. Raises StoreGone."""
    schedule = info.schedule
    answer: dict[str, Any] = {
        "task": info.name,
        "condition": schedule.start,
        "end_condition": schedule.end,
        "value": False,
        "tree": None,
        "holds": [],
        "next_at": None,
        "next_text": "it starts when it is submitted",
    }
    task = None if planner is None else planner.tasks.get(info.name)
    if planner is None or task is None:
        occasion = _occasion(info)
        if info.starts_by_itself:
            text = "the schedule has not begun yet (`rtctl status` says what it waits for)"
            answer["holds"] = [make_hold("starting", text)]
        elif occasion is None:
            answer["holds"] = [make_hold("no_condition", "it has no start condition")]
        else:
            answer["holds"] = [make_hold("occasion", occasion)]
            answer["next_text"] = occasion
        return answer
    now_us = max(planner.now_us, round(time.time() * SECOND))
    tree = task.condition.explain(planner.views.view_to_explain(task, now_us))
    unknown = planner.views.unknown_custom_ids(task, now_us)
    answer["value"], answer["tree"] = tree.value and not unknown, tree.to_dict()
    own = await blocking_runs(context, planner, task)
    if task.overlap:
        own = [one for one in own if one["kind"] != "running"] + _once(planner, task, tree.value)
    if not own and tree.value:
        own = _failing(planner, task)
    answer["next_at"] = next_at = await next_true_at(planner, task, Pauses())
    unanswered = _unanswered(unknown)
    outside = await _paused(context, planner) + _outside(context, planner, info)
    queue = [] if any(one["kind"] == PAUSED for one in own) else await _queue(context, info)
    answer["holds"] = outside + own + queue + (unanswered if next_at is None else [])
    _say_next(answer, task.zone)
    if not (answer["holds"] or next_at) or answer["next_text"] == STARTS_NOW:
        answer["next_text"] = _wait_text(context, planner, task, now_us) or answer["next_text"]
    elif unanswered and not answer["holds"]:
        texts = "; ".join(one["text"] for one in unanswered)
        answer["next_text"] += f" at the latest; {texts}"
    return answer


def _once(planner: Planner, task: ScheduledTask, value: bool) -> list[Hold]:
    """Return the hold of an overlapping task that has started since its condition came true."""
    if not value or task.due_us is None or planner.decider.hold_reason(task) != ONCE:
        return []
    return [make_hold("once", "it has started since its condition came true")]


def _failing(planner: Planner, task: ScheduledTask) -> list[Hold]:
    """Return the hold of a task that waits since its runs fail one after the other."""
    until_us = planner.decider.damped_until_us(task)
    if until_us <= time.time() * SECOND:
        return []
    count = planner.views.history.failures(task.name)
    runs = "run" if count == 1 else f"{count:,} runs"
    text = f"its last {runs} ended soon and without success, and its condition is true again"
    return [make_hold("failing", text, until=until_us / SECOND)]


def _wait_text(
    context: SupervisorContext, planner: Planner, task: ScheduledTask, now_us: int
) -> str | None:
    """Return what a task waits for if it is neither time nor an event: custom conditions whose
    values it has used up or whose values results of tasks give, or nothing can start it."""
    view = planner.views.view_of(task, now_us)
    known = evaluate_partially(task.condition, view)
    if known.unknown:
        return "it starts when its conditions are evaluated again and are true"
    if task.custom_ids and not known.value:
        task_values = view.world.custom
        view.world = dataclasses.replace(view.world, custom={})
        sources = _source_tasks(context, evaluate_partially(task.condition, view).unknown)
        if sources:
            return f"it waits for {' and '.join(sources)}"
        if not task.custom_ids.difference(task_values):
            return None
        return "its conditions are evaluated only when they decide: now the others are false"
    if not (known.value or task.condition.watches() or task.condition.polls()):
        return "never by its condition, which nothing makes true; it starts when it is submitted"
    return None


def _source_tasks(context: SupervisorContext, texts: Iterable[str]) -> list[str]:
    """Return the tasks whose results give the values of these custom conditions."""
    named = context.manifest.info.custom
    return [
        f"task {info.task!r}, which tells whether `{text}`"
        for text in sorted(texts)
        if (info := named.get(text)) is not None and info.task is not None
    ]


async def _paused(context: SupervisorContext, planner: Planner) -> list[Hold]:
    """Return what holds all tasks. A halt pauses the planner, too; that all tasks are disabled is
    a hold beside it only if a user has disabled them."""
    disabled = make_hold("all_disabled", "all tasks are disabled (`rtctl enable --all`)")
    halt = await context.execute(context.commands.get_halt())
    if halt is None:
        return [disabled] if planner.paused else []
    text = f"{halt.kind} {halt.what} has halted the schedule: {halt.message}"
    switches: dict[str, bool] = await context.execute(context.commands.switches())
    return [make_hold("halted", text), *([] if switches.get(ALL_TASKS, True) else [disabled])]


async def _queue(context: SupervisorContext, info: TaskInfo) -> list[Hold]:
    """Return the hold of a task whose queue is paused, before a run of it waits there."""
    queue = info.policies.queue
    if not await context.execute(context.commands.is_paused(queue)):
        return []
    return [make_hold(PAUSED, f"its queue is paused; `rtctl queue resume {queue}` resumes it")]


def _occasion(info: TaskInfo) -> str | None:
    """Return when a lifecycle task runs; None: the task is none."""
    if not info.occasions:
        return None
    moments = [{"startup": "starts", "shutdown": "ends"}[occasion] for occasion in info.occasions]
    whether = "" if info.schedule.start is None else ", if its condition is true then"
    return f"it runs when the daemon {' and when it '.join(moments)}{whether}"


def _outside(context: SupervisorContext, planner: Planner, info: TaskInfo) -> list[Hold]:
    """Return the holds that have nothing to do with runs of the task."""
    assert info.schedule.start is not None
    unknown = sorted(
        context.parse_condition(info.schedule.start).names() - context.manifest.tasks.keys()
    )
    holds = [
        make_hold("unknown_task", f"no task is named {name!r}: that leaf is false")
        for name in unknown
    ]
    if context.gate.is_draining:
        holds.append(make_hold("draining", "the daemon is shutting down"))
    if info.incomplete_reason is not None:
        holds.append(make_hold("parameters", info.incomplete_reason))
    elif not planner.tasks[info.name].enabled:
        text = f"the task is disabled (`rtctl enable {info.name}`)"
        holds.append(make_hold("disabled", text))
    return holds


def _unanswered(texts: dict[str, str]) -> list[Hold]:
    """Return a hold for each custom condition without a value."""
    return [
        make_hold(
            "unanswered", f"it is not known whether `{text}`: {why or 'it is not evaluated yet'}"
        )
        for text, why in texts.items()
    ]


def _say_next(answer: dict[str, Any], zone: Zone) -> None:
    """Set `next_text`: `next_at` as a sentence, or what the first hold waits for."""
    holds, next_at = answer["holds"], answer["next_at"]
    blocking = [one for one in holds if one["kind"] != "unknown_task"]
    for one in blocking:
        if one["kind"] == "backoff":
            answer["next_at"] = one["until"]
            answer["next_text"] = f"its next attempt starts {format_time(one['until'], zone.tz)}"
            return
        if one is blocking[0] and one["kind"] == "failing":
            answer["next_text"] = f"it starts again {format_time(one['until'], zone.tz)}"
            return
    if blocking and blocking[0]["kind"] == PAUSED and (next_at or 0.0) > time.time():
        due = format_time(next_at, zone.tz)
        answer["next_at"] = None
        answer["next_text"] = f"it comes due {due}, and starts when its queue is resumed"
    elif blocking:
        waits = any(one["kind"] in WAITING for one in blocking)  # for an unknown time
        if next_at is None or next_at <= time.time() or waits:
            answer["next_at"] = None
        answer["next_text"] = {
            "parameters": "it starts when it is submitted with them",
            "disabled": "it starts when it is enabled and its condition is true",
            "halted": "it starts when `rtctl enable --all` resumes the schedule",
            "all_disabled": "it starts when the schedule is enabled and its condition is true",
            "unanswered": "it starts when its conditions have values and are true",
            "draining": "it starts after the next start of the daemon",
            "queue_paused": "it starts when its queue is resumed",
            "queued": "it starts when it is its turn",
            "due": "it starts when its delay is over",
            "concurrency": "it starts when another run of it has ended",
            "once": "it starts when its condition has been false and is true again",
            "failing": "it starts again after a while",
            "running": "it can start again when its run has ended",
        }[blocking[0]["kind"]]
    elif answer["value"]:
        answer["next_text"] = STARTS_NOW
    elif next_at is None:
        answer["next_text"] = "time alone does not start it: it waits for an event"
    else:
        answer["next_text"] = f"it starts {format_time(next_at, zone.tz)}"
