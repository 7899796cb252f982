"""`rtctl enable`: let tasks start by their conditions again."""

from __future__ import annotations

from rtctl.cli.flags import Flag
from rtctl.cli.print_answers import print_switches, target_tasks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext

USAGE = "enable TASK ...   or   enable --all"
FLAGS = (Flag("--all", "the whole schedule; each task keeps its own setting"),)
MORE = """Schedules these tasks again. A task whose condition is true starts at once."""


def run(context: CommandContext) -> int:
    """Let tasks start by their conditions."""
    tasks = target_tasks(context)
    return print_switches(context, context.rpc.enable(tasks=tasks, all=not tasks)["tasks"])
