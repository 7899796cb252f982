"""`rtctl forget`: remove the records of ended runs."""

from __future__ import annotations

from rtctl.cli.exit_codes import exit_code_of_outcomes
from rtctl.cli.flags import Flag, UsageError
from rtctl.cli.parse_time import parse_flag, parse_since
from rtctl.cli.print_answers import print_outcomes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtctl.cli.context import CommandContext
    from rtctl.generated.shapes import Outcome

USAGE = "forget RUN ... | --before TIME [--task TASK]"
FLAGS = (
    Flag("--before", "all runs that ended before (`2h` ago, `08:00`, a date)", "text", "TIME"),
    Flag("--task", "with --before: only runs of this task", "text", "TASK"),
)
MORE = """Removes the records of ended runs now instead of after their retention, and prints their
ids. A run that has not ended is left alone (exit code 6). The output of a removed run
stays until the retention of output removes it."""
#: Runs that are removed in one request.
PAGE = 200


def run(context: CommandContext) -> int:
    """Remove the records and print the runs."""
    args = context.args
    if args.before is None:
        if args.task is not None:
            raise UsageError("forget: --task needs --before")
        outcomes = context.rpc.forget(runs=context.targets())["runs"]
        _print(context, outcomes)
        return exit_code_of_outcomes(outcomes)
    if args.targets:
        raise UsageError("forget: name runs or say --before, not both")
    before = parse_flag(context.verb, "--before", args.before, parse_since)
    found = _forget_before(context, before, args.task)
    _print(context, found)
    return exit_code_of_outcomes(found)


def _forget_before(context: CommandContext, before: float, task: str | None) -> list[Outcome]:
    found: list[Outcome] = []
    skip: dict[str, int] = {}
    more = True
    while more:
        answer = context.rpc.ended(before=before, task=task, limit=PAGE, skip=skip)
        more = answer["more"]
        outcomes = context.rpc.forget(runs=[row["id"] for row in answer["runs"]])["runs"]
        found += outcomes
        for row, outcome in zip(answer["runs"], outcomes, strict=True):
            if outcome["error"] is not None:
                skip[row["task"]] = skip.get(row["task"], 0) + 1
    return found


def _print(context: CommandContext, outcomes: Sequence[Outcome]) -> None:
    print_outcomes(context, outcomes, lambda outcome: [str(outcome["id"])], are_ids=True)
