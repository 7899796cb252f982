"""`rtctl wait`: until runs are over."""

from __future__ import annotations

from rtctl.cli.exit_codes import exit_code_of_all
from rtctl.cli.flags import Flag
from rtctl.cli.follow import print_end, wait_for
from rtd.common.format_units import shown_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext

USAGE = "wait RUN ..."
FLAGS = (
    Flag("--timeout", "give up after this long (exit code 124)", "duration", "DURATION"),
    Flag("--any", "return when one of the runs has ended"),
)
MORE = """Exit code: that of the run (`rtctl help submit`); of several runs 0 if all succeeded, 8
if some did, 1 if none did."""


def run(context: CommandContext) -> int:
    """Wait for the runs, then print how they ended."""
    args = context.args
    rows = wait_for(context, context.targets(), args.timeout, args.any)
    if args.any:
        rows = [row for row in rows if row["ended_at"] is not None] or rows
    if context.is_json:
        context.print_json({"runs": rows}, rows="runs")
    elif not context.quiet and len(rows) > 1:
        for row in rows:
            context.screen.print_out(f"{row['id']}  {shown_state(row['state'])}")
    for row in rows:
        print_end(context, row)
    return exit_code_of_all(rows)
