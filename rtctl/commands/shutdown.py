"""`rtctl shutdown`: end the daemon."""

from __future__ import annotations

from rtctl.cli.flags import Flag
from rtctl.cli.print_answers import waiting_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext

USAGE = "shutdown"
FLAGS = (
    Flag("--grace", "how long runs have to finish (default: the daemon's stop_grace)", "duration",
         "DURATION"),
    Flag("--keep-running", "stop only the supervisor; runs continue, and the next one adopts them"),
    Flag("--no-wait", "do not wait for its end"),
)  # fmt: skip
MORE = """Stops the daemon: it takes no more runs, lets running runs finish within the grace, and
stops the rest. Those that may be requeued are queued again; queued runs wait for the
next start. Returns when the daemon has ended."""


def run(context: CommandContext) -> int:
    """Ask the daemon to end, and wait until it has closed the connection."""
    context.targets(0, 0, "target")
    args = context.args
    connection = context.pool.acquire()
    try:
        params = {"grace_s": args.grace, "keep_running": args.keep_running}
        context.goes_on = "the daemon is still stopping; `rtctl ping` says whether it has"
        answer = connection.call("shutdown", params)
        running = answer["running"]
        if not args.no_wait:
            if running and not context.quiet and not args.keep_running:
                context.screen.print_err(f"rtctl: {waiting_text(answer)}")
            connection.wait_closed()
    finally:
        connection.close()
    if context.is_json:
        context.print_json(answer)
    elif not context.quiet:
        ends = "is ending" if args.no_wait else "has ended"
        context.screen.print_out(f"rtd (pid {answer['pid']}) {ends}")
    return 0
