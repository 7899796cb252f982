"""`rtctl submit`: queue a run of a task, or a command."""

from __future__ import annotations

from rtctl.cli.exit_codes import exit_code_of
from rtctl.cli.flags import Flag
from rtctl.cli.follow import RAW, follow, print_end, wait_for
from rtctl.cli.print_answers import print_new
from rtctl.cli.submit_request import SUBMIT_FLAGS, submit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext
    from rtctl.generated.shapes import Row

USAGE = "submit TASK [name=text] [name:=JSON] ...   or   submit [flags] -- COMMAND [ARGS...]"
FLAGS = (
    *SUBMIT_FLAGS,
    Flag("--wait", "wait until the run has ended; return its exit code"),
    Flag("-f/--follow", "as --wait, and print its output meanwhile"),
    Flag("-p/--print-id", "the id and nothing else"),
    RAW,
)
MORE = """`name=text` gives a text, also to a parameter that the code annotates with `int`.
`shop:=7` gives a number, `all:=true` a bool, `shops:='[1, 2]'` a list.

Prints the run's id. The same submit with the same --key gives the same run; another task
or other parameters with that --key are a conflict (exit code 6). -f with -j: each line
of output is a line of JSON, as `logs -o jsonl` gives it, and the last one is the run.
Exit code with --wait or -f: 0 succeeded; the command's own code, or 128 + its signal; 1 the task
failed; 143 terminated; 75 lost; 125 cancelled."""
TAKES_TAIL = True


def run(context: CommandContext) -> int:
    """Queue the run, print its id, and wait with `--wait` or `--follow`."""
    args = context.args
    if args.follow:
        context.need_output()
    answer = submit(context)
    run_id, created = answer["ids"][0], answer["created"][0]
    waits = args.wait or args.follow
    if not (context.is_json and waits):
        print_new([run_id], lambda: _say_id(context, run_id, created))
    if not waits:
        return 0
    row = _until_over(context, run_id)
    if context.is_json:
        context.print_json({"run": row, "created": created}, is_line=args.follow)
    print_end(context, row)
    return exit_code_of(row)


def _until_over(context: CommandContext, run_id: str) -> Row:
    if context.args.follow:
        return follow(context, run_id)
    return wait_for(context, [run_id])[0]


def _say_id(context: CommandContext, run_id: str, created: bool) -> None:
    # With -f the output is the data, so the id is talk.
    if context.args.follow and not context.args.print_id:
        if not context.quiet:
            context.screen.print_err(run_id)
    elif context.is_json:
        context.print_json({"id": run_id, "created": created})
    else:
        context.screen.print_out(run_id)
        if not created and not context.quiet and not context.args.print_id:
            context.screen.print_err("rtctl: this key was submitted before; it is the same run")
