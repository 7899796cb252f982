"""`rtctl disable`"""

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
MORE = """They start no more by their conditions, also after a restart of the daemon; what runs goes
on, and submit and trigger still work."""


def run(context: CommandContext) -> int:
    """Let tasks start no more by their conditions."""
    tasks, reason = target_tasks(context), context.args.reason or ""
    answer = context.rpc.disable(tasks=tasks, all=not tasks, reason=reason)
    return print_switches(context, answer["tasks"])
