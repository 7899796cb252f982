"""`rtctl disable`: stop starting tasks by their conditions."""

from __future__ import annotations

from rtctl.cli.flags import Flag
from rtctl.cli.print_answers import print_switches, target_tasks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext

USAGE = "disable TASK ...   or   disable --all"
FLAGS = (
    Flag("--all", "the whole schedule; each task keeps its own setting"),
    Flag("--reason", "goes into the daemon's log", "text", "TEXT"),
)
MORE = """Stops scheduling these tasks, also after a restart of the daemon. Current runs continue;
submit and trigger still work."""


def run(context: CommandContext) -> int:
    """Stop starting tasks by their conditions."""
    tasks, reason = target_tasks(context), context.args.reason or ""
    answer = context.rpc.disable(tasks=tasks, all=not tasks, reason=reason)
    return print_switches(context, answer["tasks"])
