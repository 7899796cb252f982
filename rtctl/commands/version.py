"""`rtctl version`: the versions of rtctl and of the daemon."""

from __future__ import annotations

from rtctl.client.connection import CLIENT
from rtd.common.errors import RtdError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext

USAGE = "version"
FLAGS = ()
MORE = ""


def run(context: CommandContext) -> int:
    """Print the version of rtctl, and the daemon's if one answers."""
    context.targets(0, 0, "target")
    try:
        server: str | None = "rtd " + context.rpc.info()["version"]
    except RtdError:
        server = None
    if context.is_json:
        context.print_json({"client": CLIENT, "server": server})
        return 0
    context.screen.print_out(CLIENT)
    context.screen.print_out(server or "no rtd answers")
    return 0
