"""`rtctl retry`: submit ended runs once more."""

from __future__ import annotations

from rtctl.cli.exit_codes import exit_code_of_all, exit_code_of_outcomes
from rtctl.cli.flags import Flag
from rtctl.cli.follow import print_end, wait_for
from rtctl.cli.print_answers import print_new, print_outcomes
from rtd.common.ids import new_ids

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext

USAGE = "retry RUN ..."
FLAGS = (Flag("--wait", "wait until they have ended; exit code as of `wait`"),)
MORE = """Submits runs that have ended again, with the same parameters and options. An ended run
never changes, so these are new runs; their ids are printed, and `rtctl show` says of which run
each is a retry. `rtctl forget` removes the old ones from lists."""


def run(context: CommandContext) -> int:
    """Submit the runs again and print the ids of the new ones."""
    targets = context.targets()
    outcomes = context.rpc.retry(runs=targets, ids=new_ids(len(targets)))["runs"]
    new = [str(outcome["new"]) for outcome in outcomes if outcome["error"] is None]
    print_new(
        new,
        lambda: print_outcomes(
            context, outcomes, lambda outcome: [str(outcome["new"])], are_ids=True
        ),
    )
    code = exit_code_of_outcomes(outcomes)
    if not context.args.wait or not new:
        return code
    rows = wait_for(context, new)
    for row in rows:
        print_end(context, row)
    return code or exit_code_of_all(rows)
