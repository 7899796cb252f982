"""`rtctl enable`"""

from __future__ import annotations

from rtctl.cli.flags import Flag
from rtctl.cli.print_switches import names, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import Context

USAGE = "enable TASK ...   or   enable --all"
FLAGS = (Flag("--all", "the whole schedule; each task keeps its own setting"),)
MORE = """They start by their conditions again, at once where those are true."""


def run(context: Context) -> int:
    """Let tasks start by their conditions."""
    tasks = names(context)
    return show(context, context.rpc.enable(tasks=tasks, all=not tasks)["tasks"])
