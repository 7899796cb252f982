"""`rtctl cancel`: withdraw runs that have not started."""

from __future__ import annotations

from rtctl.cli.exit_codes import exit_code_of_outcomes
from rtctl.cli.flags import Flag
from rtctl.cli.print_answers import print_outcomes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext

USAGE = "cancel RUN ..."
FLAGS = (Flag("--reason", "why; goes into the record of the run", "text", "TEXT"),)
MORE = """Cancels runs that have not started. A running run is left alone (exit code 6); use kill
for it."""


def run(context: CommandContext) -> int:
    """Withdraw the runs and print the new state of each."""
    outcomes = context.rpc.cancel(runs=context.targets(), reason=context.args.reason or "")["runs"]
    print_outcomes(context, outcomes, lambda outcome: [f"{outcome['id']}  {outcome['state']}"])
    return exit_code_of_outcomes(outcomes)
