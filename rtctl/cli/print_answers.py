"""Answers that several commands print: outcomes of runs, switches of tasks, Redis."""

from __future__ import annotations

import sys

from rtctl.cli.flags import UsageError
from rtctl.cli.screen import clean
from rtd.common.format_units import format_count, format_duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from rtctl.cli.context import CommandContext
    from rtctl.generated.shapes import Outcome, SwitchRow


def print_outcomes(
    context: CommandContext,
    outcomes: Sequence[Outcome],
    lines: Callable[[Outcome], list[str]],
    are_ids: bool = False,
) -> None:
    """Print each outcome with `lines` on stdout, or its error as one line on stderr.

    Args:
        are_ids: the lines are ids of new runs, which --quiet leaves.
    """
    if context.is_json:
        context.print_json({"runs": list(outcomes)}, rows="runs")
    for outcome in outcomes:
        error = outcome["error"]
        if error is not None:
            context.screen.print_err(f"rtctl: {clean(error[1])}")
        elif not context.is_json and (are_ids or not context.quiet):
            for line in lines(outcome):
                context.screen.print_out(line)


def print_new(runs: Sequence[str], print_them: Callable[[], None]) -> None:
    """Print the ids of new runs at once.

    Raises:
        OSError: they cannot be written; names the runs, which are known nowhere else.
    """
    try:
        print_them()
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        ids = " ".join(runs)
        raise OSError(error.errno, f"{error.strerror}; queued: run {ids}") from None


def print_result(context: CommandContext, value: object) -> None:
    """Print what a run returned: a text as it is, other values as JSON, nothing for None."""
    if value is not None:
        context.screen.end_line()
    if isinstance(value, str):
        context.screen.print_out(value)
    elif value is not None:
        from rtctl.cli.json_output import dump_user_value  # lazy: json costs 7 ms

        context.screen.print_out(dump_user_value(value, 2 if context.screen.is_terminal else None))


def values_text(values: object) -> str:
    """Return named values as `day="monday", limit=10`; an empty text for none."""
    if not values:
        return ""
    from rtctl.cli.json_output import dump_user_value  # lazy: json costs 7 ms

    if not isinstance(values, dict):
        return dump_user_value(values)
    return ", ".join(f"{name}={dump_user_value(value)}" for name, value in values.items())


def target_tasks(context: CommandContext) -> list[str]:
    """Return the tasks to enable or disable; none with --all. Raises UsageError."""
    if context.args.all and context.args.targets:
        raise UsageError(f"{context.verb}: name tasks or say --all, not both")
    return [] if context.args.all else context.targets(1, None, "TASK")


def print_switches(context: CommandContext, rows: Sequence[SwitchRow]) -> int:
    """Print whether each task is enabled now. Returns the exit code."""
    if context.is_json:
        context.print_json({"tasks": list(rows)}, rows="tasks")
    elif not context.quiet:
        for row in rows:
            what = "the schedule" if row["task"] == "*" else row["task"]
            context.screen.print_out(f"{what} is {'enabled' if row['enabled'] else 'disabled'}")
    return 0


def waiting_text(answer: Mapping[str, Any]) -> str:
    """Return for which runs the end of a daemon waits, and how long, from the answer of
    `shutdown`."""
    running, named = answer["running"], answer.get("runs", [])
    names = ", ".join(f"{task or 'run'} {run}" for run, task in named)
    names += f" and {running - len(named):,} more" if named and running > len(named) else ""
    grace_s = answer.get("grace_s")
    most = "" if grace_s is None else f", at most {format_duration(grace_s)}"
    which = "it is" if running == 1 else "they are"
    text = f"waiting for {format_count(running, 'run')} to end{most}; then {which} stopped"
    return clean(f"{text}: {names}" if names else text)


def redis_text(redis: dict[str, Any]) -> str:
    """Return where Redis is, whether it answers, and which server it is."""
    if not redis.get("ok", True):
        what = "" if redis.get("refuses") else "not answering: "
        return clean(f"{redis.get('url')} ({what}{redis.get('error')})")
    server = f", {redis.get('server', 'Redis')} {redis['version']}" if redis.get("version") else ""
    return clean(f"{redis.get('url')} (ok){server}")
