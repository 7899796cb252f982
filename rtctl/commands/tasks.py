"""`rtctl tasks`"""

from __future__ import annotations

from rtctl.screen import clean, columns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.context import Context
    from rtctl.shapes import TaskRow

USAGE = "tasks [TASK]"
FLAGS = ()
MORE = """With a TASK all that is known of it."""


def run(context: Context) -> int:
    """The tasks, or one of them."""
    targets = context.targets(0, 1, "TASK")
    answer = context.rpc.tasks(task=targets[0] if targets else None)
    if context.is_json:
        context.json(answer, rows="tasks")
        return 0
    tasks = answer["tasks"]
    if context.quiet:
        for task in tasks:
            context.screen.out(task["name"])
    elif targets:
        for task in tasks:
            _print_one(context, task)
    else:
        rows = [(t["name"], _lane(t), t["takes"], clean(t["doc"])) for t in tasks]
        context.screen.table(("TASK", "LANE", "TAKES", "WHAT"), rows)
    if answer["app_error"] and not context.quiet:
        context.screen.say(f"rtctl: the app does not import: {clean(answer['app_error'])}")
    return 0


def _lane(task: TaskRow) -> str:
    return f"{task['lane']} (fresh)" if task["fresh"] else task["lane"]


def _print_one(context: Context, task: TaskRow) -> None:
    pairs = [
        ("task", task["name"]),
        ("what", clean(task["doc"])),
        ("takes", task["takes"]),
        ("lane", _lane(task)),
        ("source", task["source"]),
        *((name, str(value)) for name, value in sorted(task["policies"].items())),
    ]
    context.screen.out(columns((name, value) for name, value in pairs if value))
