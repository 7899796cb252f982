"""`rtctl result`"""

from __future__ import annotations

from rtctl.cli.exit_codes import NOT_MET, code_of
from rtctl.cli.flags import Flag
from rtctl.cli.follow import wait_for
from rtctl.cli.screen import clean
from rtctl.client.errors import ended_as

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import Context
    from rtctl.generated.answers import ResultResult

USAGE = "result RUN"
FLAGS = (
    Flag("--wait", "until it is over"),
    Flag("--timeout", "wait at most this long (exit code 124)", "duration", "DURATION"),
    Flag("--traceback", "where an exception came from"),
)
MORE = """A text as it is, anything else as JSON. Exit code 3: the run is not over; otherwise the
run's own (`rtctl help submit`)."""


def run(context: Context) -> int:
    """The value, or why there is none."""
    args = context.args
    target = context.targets(1, 1)[0]
    if args.wait or args.timeout is not None:
        wait_for(context, [target], args.timeout)
    answer = context.rpc.result(run=target)
    if context.is_json:
        context.json(answer)
    if answer["state"] in ("queued", "running"):
        context.screen.say(f"rtctl: run {answer['id']} is {answer['state']}; --wait waits for it")
        return NOT_MET
    if answer["state"] == "succeeded":
        if not context.is_json:
            _print(context, answer["value"])
        return 0
    _say_failure(context, answer)
    return code_of(context.rpc.show(run=answer["id"])["row"])


def _print(context: Context, value: object) -> None:
    if isinstance(value, str):
        context.screen.out(value)
    elif value is not None:
        from rtctl.cli.json_output import own  # lazy: json costs 7 ms

        context.screen.out(own(value, 2 if context.screen.is_terminal else None))


def _say_failure(context: Context, answer: ResultResult) -> None:
    error = answer["error"]
    why = answer["why"] or (": ".join(error[:2]) if error else "no reason known")
    context.screen.say(f"rtctl: run {answer['id']} {ended_as(answer['state'])}: {clean(why)}")
    if context.args.traceback and error:
        context.screen.say(error[2].rstrip())
