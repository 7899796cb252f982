"""`rtctl logs`: a run's output."""

from __future__ import annotations

from rtctl.cli.flags import Flag, UsageError, suggest
from rtctl.cli.follow import (
    RAW,
    going_on,
    line_entry,
    print_dropped,
    write_json_lines,
    write_lines,
    write_parts,
    write_timed_lines,
)
from rtctl.cli.resolve_names import run_of_task
from rtd.common.errors import NoSuchRun, UnknownTask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from rtctl.cli.context import CommandContext

USAGE = "logs RUN | TASK ..."
FLAGS = (
    Flag("-f/--follow", "print new output until the run has ended"),
    Flag("-n/--tail/--lines", "only the last N lines", "int", "N"),
    Flag("-S/--since", "only what was written since (`10m`, `08:00`)", "text", "TIME"),
    Flag("--stream", "only this stream", "out|err"),
    Flag("-t/--timestamps", "when each line was written, and to which stream"),
    Flag("--attempt", "which attempt (default: the latest)", "int", "N"),
    Flag("--failed", "of a TASK: its latest run that ended without success"),
    RAW,
)
MORE = """Prints the output byte for byte, stderr on stderr. On a terminal escape sequences are
removed, unless --raw is given. Output of a subprocess may appear under either stream.
`-t` and `-o jsonl` name the stream of each line. A TASK means its running run, or else
its latest one; with -f it means its next run, if none is running or queued."""


def run(context: CommandContext) -> int:
    """Print the output of each run, one after the other."""
    args = context.args
    context.screen.is_raw = args.raw
    targets = context.targets()
    if args.follow and len(targets) > 1:
        raise UsageError("logs: -f follows one run")
    if args.lines is not None and args.lines < 0:
        raise UsageError(f"logs: --lines: {args.lines} is less than 0")
    since = None
    if args.since is not None:
        from rtctl.cli.parse_time import parse_flag, parse_since  # lazy: it needs datetime and re

        since = parse_flag(context.verb, "--since", args.since, parse_since)
    for target in targets:
        if len(targets) > 1 and not context.is_json and not context.quiet:
            context.screen.print_err(f"==> {target} <==")
        _one(context, target, since)
    return 0


def _one(context: CommandContext, target: str, since: float | None) -> None:
    if context.args.failed:
        target = run_of_task(context, target, failed=True, follow=False)
    try:
        _print(context, target, since)
    except NoSuchRun as error:
        context.goes_on = ""
        try:
            run = run_of_task(context, target, failed=False, follow=context.args.follow)
        except UnknownTask:
            known = [row["name"] for row in context.rpc.tasks()["tasks"]]
            hint = suggest(target, known)
            raise NoSuchRun(f"{error.sentence}, and no task has this name{hint}") from None
        _print(context, run, since)


def _print(context: CommandContext, target: str, since: float | None) -> None:
    args = context.args
    if args.follow:
        context.goes_on = going_on([target], "logs -f")
    parts = context.rpc.logs(
        run=target, follow=args.follow, lines=args.lines, since=since, stream=args.stream,
        attempt=args.attempt,
    )  # fmt: skip
    try:
        if context.is_json:
            _as_json(context, target, parts)
        elif args.timestamps:
            write_timed_lines(context, parts)
        else:
            write_parts(parts, split=not args.stream, is_raw=args.raw)
    finally:
        parts.close()
    print_dropped(context, parts.answer)


def _as_json(context: CommandContext, target: str, parts: Any) -> None:
    if context.format == "jsonl":
        write_json_lines(context, parts)
        return
    lines: list[dict[str, Any]] = []
    write_lines(context, parts, lambda line: lines.append(line_entry(line)))
    context.print_json({"run": target, **(parts.answer or {}), "lines": lines}, rows="lines")
