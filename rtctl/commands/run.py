"""`rtctl run`: submit a run, follow its output, return its exit code."""

from __future__ import annotations

from rtctl.cli.exit_codes import exit_code_of
from rtctl.cli.follow import RAW, follow, print_end
from rtctl.cli.signals import raise_on_end
from rtctl.cli.submit_request import SUBMIT_FLAGS, build_request, send

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext

USAGE = "run TASK [name=text] [name:=JSON] ...   or   run [flags] -- COMMAND [ARGS...]"
FLAGS = (*SUBMIT_FLAGS, RAW)
MORE = """As if it ran here: its output, then its exit code. Ctrl-C, SIGTERM and SIGHUP end the run
(a second one stops waiting for that), and so does a reader of the output that goes away. -j and
-o jsonl: each line of output is a line of JSON, as `logs -o jsonl` gives it, and the last one is
the run. Exit codes: see `rtctl help submit`."""
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
        row = follow(context, run_id)
        if context.is_json:
            context.print_json({"run": row, "created": created}, is_line=True)
    except (KeyboardInterrupt, BrokenPipeError) as error:
        _end(context, run_id, created, error)
        raise
    print_end(context, row)
    return exit_code_of(row)


def _end(context: CommandContext, run_id: str, created: bool, error: BaseException) -> None:
    """End the run of this command, but not one that an earlier submit has made."""
    if not created:
        context.screen.print_err(f"\nrtctl: the run goes on; `rtctl kill {run_id}` ends it")
        return
    is_closed = isinstance(error, BrokenPipeError)
    why = "the output of rtctl run was closed" if is_closed else "interrupted in rtctl run"
    if not is_closed:
        context.screen.print_err(f"\nrtctl: ending run {run_id} ...")
    if run_id:
        context.rpc.kill(runs=[run_id], reason=why)
