"""`rtctl next`: when tasks start next."""

from __future__ import annotations

from rtctl.cli.flags import Flag
from rtctl.cli.run_rows import time_text_in
from rtctl.cli.screen import ago, clean
from rtd.common.format_units import format_count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext
    from rtctl.generated.answers import NextResult

USAGE = "next [TASK] [-n COUNT]"
FLAGS = (Flag("-n/--count", "how many starts (default 10)", "int", "COUNT"),)
MORE = """Lists the next starts, as if each run ended at once, in the time zone of each task. Of
several tasks it shows at most 3 starts each; with TASK, -q or JSON all. The last lines name
the tasks that are not listed: those that wait for an event, such as the end of another task
(`rtctl why TASK` says for which), and those that may not overlap and whose run is queued,
waits for a retry, or runs past the next start."""
#: Of several tasks a table has at most so many starts of one: a job of the night is among them.
EACH = 3


def run(context: CommandContext) -> int:
    """Print the coming starts."""
    targets = context.targets(0, 1, "TASK")
    count = 10 if context.args.count is None else context.args.count
    is_table = not (context.is_json or context.quiet)
    answer = context.rpc.next(
        task=targets[0] if targets else None,
        n=count,
        each=None if targets or not is_table else EACH,
    )
    if context.is_json:
        context.print_json(answer, rows="starts")
    elif context.quiet:
        for start in answer["starts"]:
            context.screen.print_out(start["task"])
    else:
        rows = [
            (time_text_in(s["timezone"], s["at"]), ago(s["at"]), clean(s["task"]))
            for s in answer["starts"]
        ]
        context.screen.print_table(("AT", "IN", "TASK"), rows)
        if not rows and (why := _why_none(context, targets)):
            context.screen.print_err(f"rtctl: {why}")
        else:
            _say_rest(context, answer, clean(targets[0]) if targets and not rows else "")
    return 0


def _why_none(context: CommandContext, targets: list[str]) -> str:
    """Return why no task starts, if the schedule or the task is not enabled; else nothing."""
    schedule = context.rpc.status()["schedule"]
    if schedule["state"] == "paused":
        return "the schedule is disabled: nothing starts; `rtctl enable --all` enables it"
    if schedule["state"] == "halted":
        return "the schedule is halted: nothing starts; `rtctl status` says why"
    if schedule["state"] == "none":
        return "no task has a start condition"
    if targets:
        (task,) = context.rpc.tasks(task=targets[0])["tasks"]
        if not task["enabled"]:
            return f"task {targets[0]} is disabled; `rtctl enable {targets[0]}` enables it"
    return ""


def _say_rest(context: CommandContext, answer: NextResult, alone: str) -> None:
    """Print what the table leaves out. `alone`: the one requested task, if it has no rows."""
    behind = answer["behind"]
    if alone:
        held = "a run of its own must end first" if behind else "time alone does not start it"
        context.screen.print_err(f"rtctl: {held}; `rtctl why {alone}` says why")
        return
    shown = [start["task"] for start in answer["starts"]]
    if len(set(shown)) > 1 and any(shown.count(task) == EACH for task in shown):
        context.screen.print_err(f"rtctl: {EACH} starts a task; `rtctl next TASK` lists more")
    for names, wait in (
        (answer["waiters"], "for an event, such as the end of another task"),
        (behind, f"until {'its own run has' if len(behind) == 1 else 'their own runs have'} ended"),
    ):
        if names:
            few = clean(", ".join(names[:3])) + (", ..." if len(names) > 3 else "")
            tasks = format_count(len(names), "more task waits", "more tasks wait")
            context.screen.print_err(f"rtctl: {tasks} {wait}: {few}")
