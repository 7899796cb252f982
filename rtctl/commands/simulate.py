"""`rtctl simulate`: works without a daemon; `rtd simulate` imports the app in a child process."""

from __future__ import annotations

import subprocess

from rtctl.cli.flags import Flag, UsageError
from rtctl.cli.parse_time import parse_flag, parse_when
from rtctl.cli.run_rows import time_text_in
from rtctl.cli.screen import clean
from rtd.common.errors import EXIT_CODE, BadRequest, UnknownTask
from rtd.config.python_command import module_command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO, Any

    from rtctl.cli.context import CommandContext

USAGE = "simulate APP [--from TIME] [--to TIME] [--run-time DURATION] [--task TASK]"
FLAGS = (
    Flag("--from", "when the virtual clock begins (default: now)", "text", "TIME"),
    Flag("--to", "when it ends (default: a day later)", "text", "TIME"),
    Flag("--run-time", "how long each run takes (default 1s)", "duration", "DURATION"),
    Flag("--task", "only starts of this task", "text", "TASK"),
)
MORE = """Lists which tasks of an app would start when, on a virtual clock. Nothing runs: no task
has run before, every run succeeds, conditions on the host are false, and tasks with a
custom condition do not start. AT is in the time zone of each task; --from and --to are
in that of this host. WHY marks the days on which the clocks change. -q prints only how
many starts."""
DAY_S = 86400.0
#: The exit codes of the child that are passed on: the app has no such task; a wrong span.
PASSED_ON = (EXIT_CODE[UnknownTask.code], EXIT_CODE[BadRequest.code])


def run(context: CommandContext) -> int:
    """Print the occurrences."""
    (app,) = context.targets(1, 1, "APP")
    args = context.args
    begin = getattr(args, "from")
    since = parse_flag(context.verb, "--from", "now" if begin is None else begin, parse_when)
    until = since + DAY_S
    if args.to is not None:
        until = parse_flag(context.verb, "--to", args.to, parse_when)
    if until <= since:
        raise UsageError("simulate: --to must be later than --from")
    command = module_command("rtd", "simulate", app, repr(since), repr(until))
    if args.run_time is not None:
        command += ["--run-time", repr(args.run_time)]
    if args.task is not None:
        command.append(f"--task={args.task}")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        rows = list(_rows(child.stdout))
    if child.returncode:  # the child has printed why
        return child.returncode if child.returncode in PASSED_ON else 1
    _show(context, rows)
    return 0


def _rows(lines: IO[str]) -> Iterator[dict[str, Any]]:
    import json  # lazy: 7 ms

    for line in lines:
        yield json.loads(line)


def _why(row: dict[str, Any]) -> str:
    """Return the reason, and how the clocks change on that day."""
    clocks = row["clocks"] and f"clocks {row['clocks']}"
    return "; ".join(part for part in (row["reason"], clocks) if part)


def _show(context: CommandContext, rows: list[dict[str, Any]]) -> None:
    if context.is_json:
        context.print_json({"occurrences": rows}, rows="occurrences")
    elif context.quiet:
        context.screen.print_out(str(len(rows)))
    else:
        cells = [
            (time_text_in(row["timezone"], row["at"]), clean(row["task"]), row["verdict"],
             clean(_why(row)))
            for row in rows
        ]  # fmt: skip
        context.screen.print_table(("AT", "TASK", "VERDICT", "WHY"), cells)
