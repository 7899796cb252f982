"""The lines about names of tasks and queues that there are none of."""

from __future__ import annotations

from rtctl.cli.flags import suggest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext


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
