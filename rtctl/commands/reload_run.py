"""`rtctl reload-run`: stop a running run and begin the same run again."""

from __future__ import annotations

from rtctl.cli.flags import Flag
from rtctl.cli.submit_request import parse_parameters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext

USAGE = "reload-run RUN [name=text] [name:=JSON] ..."
FLAGS = (
    Flag("--grace", "time to stop by itself (default: that of the task; 0: none)", "duration",
         "DURATION"),
    Flag("--reason", "why; goes into the record of the run", "text", "TEXT"),
)  # fmt: skip
MORE = """Stops the run as kill does, then starts the same run again at once as its next attempt,
with the current code of the app and the new values of parameters. It uses up no retry.
With wrong parameters nothing is stopped. Exit code 6: the run is not running."""


def run(context: CommandContext) -> int:
    """Reload the run and print the number of its next attempt."""
    target, *words = context.targets(1, None, "RUN")
    args = context.args
    context.goes_on = f"the run is still being stopped, to begin again: `rtctl show {target}`"
    answer = context.rpc.reload_run(
        run=target,
        params=parse_parameters(context.verb, words),
        grace_s=args.grace,
        reason=args.reason or "",
    )
    if context.is_json:
        context.print_json(answer)
    elif context.quiet:
        context.screen.print_out(answer["id"])
    else:
        context.screen.print_out(f"{answer['id']}  attempt {answer['attempt']}")
    return 0
