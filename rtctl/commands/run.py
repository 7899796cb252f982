"""`rtctl run`: submit a run, follow its output, return its exit code."""

from __future__ import annotations

from rtctl.cli.exit_codes import exit_code_of
from rtctl.cli.follow import follow, print_end
from rtctl.cli.submit_request import SUBMIT_FLAGS, submit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext

USAGE = "run TASK [name=text] [name:=JSON] ...   or   run [flags] -- COMMAND [ARGS...]"
FLAGS = SUBMIT_FLAGS
MORE = """As if it ran here: its output, then its exit code. Ctrl-C ends the run (a second one
stops waiting for that). -j and -o jsonl: each line of output is a line of JSON, as `logs -o jsonl`
gives it, and the last one is the run. Exit codes: see `rtctl help submit`."""
TAKES_TAIL = True


def run(context: CommandContext) -> int:
    """Submit a run, follow it, and return its own code; an interrupt ends the run."""
    answer = submit(context)
    run_id = answer["ids"][0]
    try:
        row = follow(context, run_id)
    except KeyboardInterrupt:
        context.screen.print_err(f"\nrtctl: ending run {run_id} ...")
        context.rpc.kill(runs=[run_id], reason="interrupted in rtctl run")
        raise
    if context.is_json:
        context.print_json({"run": row, "created": answer["created"][0]}, is_line=True)
    print_end(context, row)
    return exit_code_of(row)
