"""`rtctl kill`: end runs and everything they started."""

from __future__ import annotations

from rtctl.cli.exit_codes import exit_code_of_outcomes
from rtctl.cli.flags import Flag
from rtctl.cli.print_answers import print_outcomes
from rtctl.cli.screen import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext
    from rtctl.generated.shapes import Outcome

USAGE = "kill RUN ..."
FLAGS = (
    Flag("--grace", "time to stop by itself (default: the task's; 0: none)", "duration",
         "DURATION"),
    Flag("--reason", "goes into the record", "text", "TEXT"),
)  # fmt: skip
MORE = """Asks the run to stop, waits the grace, then kills the run and every process it started,
daemonised or not. Returns when the run is over and prints each process that was ended and how. A
queued run is cancelled."""


def run(context: CommandContext) -> int:
    """End the runs and print the processes that were ended."""
    outcomes = context.rpc.kill(
        runs=context.targets(), grace_s=context.args.grace, reason=context.args.reason or ""
    )["runs"]
    print_outcomes(context, outcomes, _lines)
    return exit_code_of_outcomes(outcomes)


def _lines(outcome: Outcome) -> list[str]:
    pids = outcome["pids"]
    ended = f"  {len(pids)} process{'' if len(pids) == 1 else 'es'} ended" if pids else ""
    lines = [f"{outcome['id']}  {outcome['state']}{ended}"]
    return lines + [f"  {pid}  {clean(name)}  {clean(how)}" for pid, name, how in pids]
