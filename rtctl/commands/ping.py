"""`rtctl ping`: whether the daemon answers."""

from __future__ import annotations

from time import perf_counter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext

USAGE = "ping"
FLAGS = ()
MORE = """Exit code 0: the daemon answers; 7: it cannot be reached; 4: not permitted."""


def run(context: CommandContext) -> int:
    """Time one round trip."""
    context.targets(0, 0, "target")
    began = perf_counter()
    answer = context.rpc.ping()
    took_ms = (perf_counter() - began) * 1000
    if context.is_json:
        context.print_json({**answer, "took_ms": round(took_ms, 3)})
    elif not context.quiet:
        context.screen.print_out(f"rtd (pid {answer['pid']}) answers in {took_ms:.1f} ms")
    return 0
