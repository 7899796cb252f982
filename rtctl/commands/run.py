"""`rtctl run`: submit a run, follow its output, return its exit code."""

from __future__ import annotations

from rtctl.cli.exit_codes import exit_code_of
from rtctl.cli.follow import RAW, follow, going_on, print_end
from rtctl.cli.print_answers import print_result
from rtctl.cli.signals import raise_on_end
from rtctl.cli.submit_request import SUBMIT_FLAGS, build_request, send

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext
    from rtctl.generated.shapes import Row

USAGE = "run TASK [name=text] [name:=JSON] ...   or   run [flags] -- COMMAND [ARGS...]"
FLAGS = (*SUBMIT_FLAGS, RAW)
MORE = """As if it ran here: its output, then what the task returned (as `rtctl result` prints it),
then its exit code. stderr begins with the run's id, unless -q or JSON. Ctrl-C, SIGTERM and SIGHUP
end the run (a second one stops waiting for that), and so does a reader of the output that goes
away. -j and -o jsonl: each line of output is a line of JSON, as `logs -o jsonl` gives it, and the
last one is the run with its value. Exit codes, and parameters that are numbers (`shop:=7`): see
`rtctl help submit`."""
TAKES_TAIL = True


def run(context: CommandContext) -> int:
    """Submit a run, follow it, and return its own code; an end of this command ends the run."""
    context.need_output()
    raise_on_end()
    request = build_request(context)
    run_id, created = (request["ids"] or [""])[0], True
    try:
        answer = send(context, request)
        run_id, created = answer["ids"][0], answer["created"][0]
        if not (context.quiet or context.is_json):  # the last line of JSON has it
            context.screen.print_err(f"rtctl: run {run_id}")
        row = follow(context, run_id)
        _print_result(context, row, created)
    except (KeyboardInterrupt, BrokenPipeError) as error:
        _end(context, run_id, created, error)
        raise
    print_end(context, row)
    return exit_code_of(row)


def _print_result(context: CommandContext, row: Row, created: bool) -> None:
    """Print what the task has returned; with JSON the run, too."""
    value = None
    if row["state"] == "succeeded" and (row["lane"] != "command" or context.is_json):
        # Of a command the value is its output, which was shown.
        value = context.rpc.result(run=row["id"])["value"]
    if context.is_json:
        context.print_json({"run": row, "created": created, "value": value}, is_line=True)
    else:
        print_result(context, value)


def _end(context: CommandContext, run_id: str, created: bool, error: BaseException) -> None:
    """End the run of this command, but not one that an earlier submit has made."""
    is_closed = isinstance(error, BrokenPipeError)
    if not created:
        if is_closed:
            context.screen.print_err(f"rtctl: {going_on([run_id], 'logs -f')}")
        return
    why = "the output of rtctl run was closed" if is_closed else "interrupted in rtctl run"
    if run_id and not is_closed:
        context.say_interrupted(f"ending run {run_id}: `rtctl show {run_id}` says how it ended")
    if run_id:
        context.rpc.kill(runs=[run_id], reason=why)
