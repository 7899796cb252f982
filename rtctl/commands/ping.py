"""`rtctl ping`: whether the daemon answers."""

from __future__ import annotations

from time import perf_counter

from rtctl.cli.flags import Flag
from rtctl.core.deadline import PING_S

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext
    from rtctl.generated.answers import PingResult

USAGE = "ping"
FLAGS = (
    Flag("--timeout", "give up after this long (default 5s; exit code 124)", "duration",
         "DURATION"),
)  # fmt: skip
MORE = """Exit codes: 0 the daemon answers; 7 it cannot be reached; 4 you may not use it; 124 it
is there and does not answer."""


def run(context: CommandContext) -> int:
    """Time one round trip."""
    context.targets(0, 0, "target")
    began = perf_counter()
    limit_s = PING_S if context.args.timeout is None else context.args.timeout
    answer = context.pool.rpc_within(limit_s).ping()
    took_ms = (perf_counter() - began) * 1000
    if context.is_json:
        context.print_json({**answer, "took_ms": round(took_ms, 3)})
    elif not context.quiet:
        context.screen.print_out(f"rtd ({_who(context, answer)}) answers in {took_ms:.1f} ms")
    return 0


def _who(context: CommandContext, answer: PingResult) -> str:
    """Return the daemon's pid, and its user if that is neither root nor the caller."""
    uid = context.pool.other_uid
    if uid is None:
        return f"pid {answer['pid']}"
    from rtd.config.file_owners import user_text  # lazy: few need it

    return f"pid {answer['pid']} of {user_text(uid)}"
