"""Names of tasks and queues on the command line: those that there are none of, and the run that a
task stands for."""

from __future__ import annotations

from rtctl.cli.flags import suggest
from rtctl.cli.screen import ago, clean
from rtd.common.errors import NoSuchRun
from rtd.common.format_units import shown_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext
    from rtctl.generated.shapes import Row

_ENDED = ["ended"]
_UNSUCCESSFUL = ["unsuccessful"]


def say_unknown_task(context: CommandContext, name: str) -> None:
    """Print a line if the app has no task of this name."""
    known = [row["name"] for row in context.rpc.tasks()["tasks"]]
    if name not in known:
        context.screen.print_err(f"rtctl: the app has no task {name!r}{suggest(name, known)}")


def say_unknown_queue(context: CommandContext, name: str) -> None:
    """Print a line if no queue of this name has ever been used."""
    known = [row["queue"] for row in context.rpc.queue_ls()["queues"]]
    if name not in known:
        hint = suggest(name, known)
        context.screen.print_err(f"rtctl: no queue {name!r} has ever been used{hint}")


def run_of_task(context: CommandContext, task: str, *, failed: bool, follow: bool) -> str:
    """Return the id of the run of a task that goes on, or of its latest one, and say which it is.

    Args:
        failed: instead the latest one that ended without success.
        follow: a run that waits comes before ended ones; if there is none, wait for the next.

    Raises:
        NoSuchRun: there is none.
        UnknownTask: the app has no such task, and it has no runs either.
    """
    cursor = _newest_event(context) if follow else ""  # first: no start is missed
    states = [_UNSUCCESSFUL] if failed else [["running"], _ENDED, ["queued"]]
    if follow and not failed:
        states = [["running"], ["queued"]]
    for some in states:
        rows = context.rpc.ls(task=task, state=some, limit=1)["runs"]
        if rows:
            _say(context, rows[0])
            return rows[0]["id"]
    context.rpc.tasks(task=task)  # a mistyped name
    if failed:
        raise NoSuchRun(f"no run of task {task} ended without success, as far as rtd remembers")
    if not follow:
        raise NoSuchRun(f"task {task} has had no run yet, as far as rtd remembers")
    return _next_run(context, task, cursor)


def _say(context: CommandContext, row: Row) -> None:
    if not context.quiet:
        at = row["ended_at"] or row["started_at"] or row["submitted_at"]
        state = shown_state(row["state"], row["by"])
        text = f"rtctl: run {row['id']} of task {clean(row['task'])}: {state}, {ago(at)}"
        context.screen.print_err(text)


def _newest_event(context: CommandContext) -> str:
    parts = context.rpc.events(limit=0)
    for _ in parts:
        pass
    answer = parts.answer
    return (answer["last"] if answer else None) or "0-0"


def _next_run(context: CommandContext, task: str, cursor: str) -> str:
    """Wait for the next run of a task. It ends with the command."""
    if not context.quiet:
        context.screen.print_err(f"rtctl: no run of task {clean(task)} is active; waiting for one")
    parts = context.rpc.events(follow=True, since=cursor, task=task)
    try:
        for event in parts:
            if event["run"]:
                return event["run"]
    finally:
        parts.close()
    raise NoSuchRun(f"the events of task {task} ended before a run of it began")
