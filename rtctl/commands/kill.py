"""`rtctl kill`: end runs and everything they started."""

from __future__ import annotations

from rtctl.cli.exit_codes import exit_code_of_outcomes
from rtctl.cli.flags import Flag, UsageError
from rtctl.cli.print_answers import print_outcomes
from rtctl.cli.screen import clean
from rtd.common.format_units import format_count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext
    from rtctl.generated.shapes import Outcome

USAGE = "kill RUN ...   or   kill --task TASK"
FLAGS = (
    Flag("--task", "all running runs of it, instead of a RUN", "text", "TASK"),
    Flag("--grace", "time to stop by itself (default: that of the task; 0: none)", "duration",
         "DURATION"),
    Flag("--reason", "why; goes into the record of the run", "text", "TEXT"),
)  # fmt: skip
MORE = """Requests the run to stop, waits the grace, then kills the run and every process that it
started, daemonised or not. Returns when the run has ended, and prints each process that
was ended and how. A queued run is cancelled. --task prints on stderr how many runs it
stops; queued runs of the task stay queued."""

#: The process of rtd's own beside a command; JSON has it.
_OWN = "rtd: command"
#: The runs of a task that one call ends, and those that one request names.
_MOST = 10_000
_AT_ONCE = 1_000


def run(context: CommandContext) -> int:
    """End the runs and print the processes that were ended."""
    args = context.args
    runs = context.targets() if args.task is None else _running(context, args.task)
    if runs:
        which = "the run is" if len(runs) == 1 else "the runs are"
        context.goes_on = f"{which} still being ended: `rtctl show {runs[0]}` says how"
    outcomes: list[Outcome] = []
    for start in range(0, len(runs), _AT_ONCE):
        outcomes += context.rpc.kill(
            runs=runs[start : start + _AT_ONCE], grace_s=args.grace, reason=args.reason or ""
        )["runs"]
    if args.task is not None:  # one that ended by itself meanwhile is no error
        outcomes = [one for one in outcomes if (one["error"] or [""])[0] != "wrong_state"]
    print_outcomes(context, outcomes, _lines)
    return exit_code_of_outcomes(outcomes)


def _running(context: CommandContext, task: str) -> list[str]:
    """Return the running runs of a task, and say how many there are. Raises UnknownTask."""
    if context.args.targets:
        raise UsageError("kill: name runs or say --task, not both")
    runs = [row["id"] for row in context.rpc.ls(task=task, state=["running"], limit=_MOST)["runs"]]
    if not runs:
        context.rpc.tasks(task=task)  # a mistyped name
    if not context.quiet:
        count = format_count(len(runs), "run") if runs else "no run"
        verb = "is running" if len(runs) < 2 else "are running"
        ends = ": ending " + ("it" if len(runs) == 1 else "them") if runs else ""
        context.screen.print_err(f"rtctl: {count} of task {clean(task)} {verb}{ends}")
    return runs


def _lines(outcome: Outcome) -> list[str]:
    pids = [one for one in outcome["pids"] if not one[1].startswith(_OWN)]
    ended = f"  {format_count(len(pids), 'process', 'processes')} ended" if pids else ""
    lines = [f"{outcome['id']}  {outcome['state']}{ended}"]
    return lines + [f"  {pid}  {clean(name)}  {clean(_how_text(how))}" for pid, name, how in pids]


def _how_text(how: str) -> str:
    """Return how a process ended: at the request, which is SIGTERM, or killed after it."""
    if how == "SIGTERM":
        return "ended when asked"
    return "killed (SIGKILL)" if how == "SIGKILL" else how
