"""`rtctl disable`"""

from __future__ import annotations

from rtctl.cli.flags import Flag
from rtctl.cli.print_switches import names, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import Context

USAGE = "disable TASK ...   or   disable --all"
FLAGS = (
    Flag("--all", "the whole schedule; each task keeps its own setting"),
    Flag("--reason", "goes into the daemon's log", "text", "TEXT"),
)
MORE = """They start no more by their conditions, also after a restart of the daemon; what runs goes
on, and submit and trigger still work."""


def run(context: Context) -> int:
    """Let tasks start no more by their conditions."""
    tasks, reason = names(context), context.args.reason or ""
    answer = context.rpc.disable(tasks=tasks, all=not tasks, reason=reason)
    return show(context, answer["tasks"])
