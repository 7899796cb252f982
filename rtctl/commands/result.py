"""`rtctl result`: what a run returned."""

from __future__ import annotations

from rtctl.cli.exit_codes import NOT_MET, exit_code_of
from rtctl.cli.flags import Flag
from rtctl.cli.follow import RAW, wait_for
from rtctl.cli.print_answers import print_result
from rtctl.cli.screen import clean
from rtctl.client.errors import state_phrase
from rtctl.core.deadline import GRACE_S

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext
    from rtctl.generated.answers import ResultResult

USAGE = "result RUN"
FLAGS = (
    Flag("--wait", "wait until the run has ended"),
    Flag("--timeout", "wait at most this long (exit code 124)", "duration", "DURATION"),
    Flag("--traceback", "print the traceback of an exception"),
    RAW,
)
MORE = """Prints a text as it is, other values as JSON. Exit code 3: the run is not over; otherwise
the run's own (`rtctl help submit`)."""


def run(context: CommandContext) -> int:
    """Print the value, or why there is none."""
    args = context.args
    context.screen.is_raw = args.raw
    target = context.targets(1, 1)[0]
    rpc = context.pool.rpc_within(args.timeout, GRACE_S)
    if args.wait or args.timeout is not None:
        wait_for(context, [target], args.timeout)
    answer = rpc.result(run=target)
    if context.is_json:
        context.print_json(answer)
    if answer["state"] in ("queued", "running"):
        context.screen.print_err(
            f"rtctl: run {answer['id']} is {answer['state']}; --wait waits for it"
        )
        return NOT_MET
    if answer["state"] == "succeeded":
        if not context.is_json:
            print_result(context, answer["value"])
        return 0
    _say_failure(context, answer)
    return exit_code_of(rpc.show(run=answer["id"])["row"])


def _say_failure(context: CommandContext, answer: ResultResult) -> None:
    error = answer["error"]
    why = answer["why"] or (": ".join(error[:2]) if error else "no reason known")
    context.screen.print_err(
        f"rtctl: run {answer['id']} {state_phrase(answer['state'])}: {clean(why)}"
    )
    if context.args.traceback and error:
        context.screen.print_err(error[2].rstrip())
