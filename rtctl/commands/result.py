"""`rtctl result`"""

from __future__ import annotations

from rtctl.errors import ended_as
from rtctl.flags import Flag
from rtctl.following import wait_for
from rtctl.outcome import NOT_MET, code_of
from rtctl.screen import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.answers import ResultResult
    from rtctl.context import Context

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
        from rtctl.jsonout import own  # lazy: json costs 7 ms

        context.screen.out(own(value, 2 if context.screen.is_terminal else None))


def _say_failure(context: Context, answer: ResultResult) -> None:
    error = answer["error"]
    why = answer["why"] or (": ".join(error[:2]) if error else "no reason known")
    context.screen.say(f"rtctl: run {answer['id']} {ended_as(answer['state'])}: {clean(why)}")
    if context.args.traceback and error:
        context.screen.say(error[2].rstrip())
