"""`rtctl tasks`: what can be submitted."""

from __future__ import annotations

from time import time

from rtctl.cli.screen import ago, align_pairs, clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtctl.cli.context import CommandContext
    from rtctl.generated.shapes import TaskRow

USAGE = "tasks [TASK]"
FLAGS = ()
MORE = """With a TASK: everything that is known about it. NEXT is the next start, for tasks that
wait for the time alone."""
_ENDS = {"success": "ok", "fail": "failed", "terminate": "terminated", "inaction": "cancelled"}


def run(context: CommandContext) -> int:
    """Print the tasks, or all of one task."""
    targets = context.targets(0, 1, "TASK")
    answer = context.rpc.tasks(task=targets[0] if targets else None)
    if context.is_json:
        context.print_json(answer, rows="tasks")
        return 0
    tasks = answer["tasks"]
    if context.quiet:
        for task in tasks:
            context.screen.print_out(task["name"])
    elif targets:
        for task in tasks:
            _print_one(context, task)
    elif any(task["condition"] or task["occasions"] for task in tasks):
        now = time()
        rows = [
            (
                t["name"],
                _lane(t),
                t["takes"],
                _last(t, now),
                _next(t, now),
                _when(t),
                clean(t["doc"]),
            )
            for t in tasks
        ]
        context.screen.print_table(
            ("TASK", "LANE", "TAKES", "LAST RUN", "NEXT", "CONDITION", "WHAT"),
            rows,
            drop="LANE TAKES",
        )
    else:
        _print_plain(context, tasks)
    if answer["app_error"] and not context.quiet:
        context.screen.print_err(f"rtctl: the app does not import: {clean(answer['app_error'])}")
    return 0


def _print_plain(context: CommandContext, tasks: Sequence[TaskRow]) -> None:
    """Print the tasks of an app without conditions."""
    if any(task["last_start_at"] for task in tasks):
        now = time()
        rows = [(t["name"], _lane(t), t["takes"], _last(t, now), clean(t["doc"])) for t in tasks]
        heads = ("TASK", "LANE", "TAKES", "LAST RUN", "WHAT")
        context.screen.print_table(heads, rows, drop="LANE TAKES")
    else:
        plain = [(t["name"], _lane(t), t["takes"], clean(t["doc"])) for t in tasks]
        context.screen.print_table(("TASK", "LANE", "TAKES", "WHAT"), plain)


def _lane(task: TaskRow) -> str:
    return f"{task['lane']} (fresh)" if task["fresh"] else task["lane"]


def _last(task: TaskRow, now: float) -> str:
    """Return the last start, and how the last run ended."""
    if task["last_start_at"] is None:
        return "-"
    return f"{ago(task['last_start_at'], now)} {_ENDS.get(task['last_end'] or '', '')}".rstrip()


def _next(task: TaskRow, now: float) -> str:
    """Return when the task can start next."""
    if task["condition"] is None or task["occasions"]:
        return "-"
    if not task["enabled"]:
        return "disabled"
    if task["behind"] is not None:
        return "after its run"
    if task["next_at"] is None:
        return "an event"
    return "now" if task["next_at"] <= now else ago(task["next_at"], now)


def _when(task: TaskRow) -> str:
    """Return the condition, and the occasion on which it is evaluated."""
    if not task["occasions"]:
        return task["condition"] or "-"
    occasion = f"on {' and '.join(task['occasions'])}"
    return f"{occasion} if {task['condition']}" if task["condition"] else occasion


def _policy_text(value: object) -> str:
    """Return a policy as people write it: a text as it is, other values as JSON."""
    if isinstance(value, str):
        return clean(value)
    from rtctl.cli.json_output import dump_user_value  # lazy: json costs 7 ms

    return dump_user_value(value)


def _print_one(context: CommandContext, task: TaskRow) -> None:
    pairs = [
        ("task", task["name"]),
        ("what", clean(task["doc"])),
        ("takes", task["takes"]),
        ("lane", _lane(task)),
        ("condition", "" if _when(task) == "-" else _when(task)),
        ("end condition", task["end_condition"] or ""),
        ("last run", _last(task, time()).removeprefix("-")),
        ("next", "" if task["condition"] is None else _next(task, time())),
        ("source", task["source"]),
        *((name, _policy_text(value)) for name, value in sorted(task["policies"].items())),
    ]
    context.screen.print_out(align_pairs((name, value) for name, value in pairs if value))
