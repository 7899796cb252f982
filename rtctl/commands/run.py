"""`rtctl run`"""

from __future__ import annotations

from rtctl.following import follow, say_end
from rtctl.outcome import code_of
from rtctl.submitting import FLAGS as SUBMIT_FLAGS
from rtctl.submitting import submit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.context import Context

USAGE = "run TASK [name=text] [name:=JSON] ...   or   run [flags] -- COMMAND [ARGS...]"
FLAGS = SUBMIT_FLAGS
MORE = """As if it ran here: its output, then its exit code. Ctrl-C ends the run (a second one
stops waiting for that). Exit codes: see `rtctl help submit`."""
TAKES_TAIL = True


def run(context: Context) -> int:
    """Submit, follow, and return the run's own code; an interrupt ends the run."""
    run_id = submit(context)["ids"][0]
    try:
        row = follow(context, run_id, split=True)
    except KeyboardInterrupt:
        context.screen.say(f"\nrtctl: ending run {run_id} ...")
        context.rpc.kill(runs=[run_id], reason="interrupted in rtctl run")
        raise
    say_end(context, row)
    return code_of(row)
