"""`rtctl cancel`"""

from __future__ import annotations

from rtctl.cli.exit_codes import exit_code_of_outcomes
from rtctl.cli.flags import Flag
from rtctl.cli.print_answers import print_outcomes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext

USAGE = "cancel RUN ..."
FLAGS = (Flag("--reason", "goes into the record", "text", "TEXT"),)
MORE = """Withdraws runs that have not started. One that runs is left alone (exit code 6): that is
what kill is for."""


def run(context: CommandContext) -> int:
    """Withdraw them and say what became of each."""
    outcomes = context.rpc.cancel(runs=context.targets(), reason=context.args.reason or "")["runs"]
    print_outcomes(context, outcomes, lambda outcome: [f"{outcome['id']}  {outcome['state']}"])
    return exit_code_of_outcomes(outcomes)
