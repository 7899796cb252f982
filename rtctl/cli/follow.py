"""Waits for runs and follows their output, for several commands."""

from __future__ import annotations

import sys
from time import monotonic, time

from rtctl.cli.flags import Flag
from rtctl.cli.run_rows import SHORT_ID, progress_text
from rtctl.cli.screen import clean, cut, short_duration
from rtctl.cli.terminal_text import OutputCleaner
from rtctl.client.errors import state_phrase
from rtctl.client.output_lines import LineAssembler
from rtd.common.errors import RtdError, StoreGone, WaitTimeout
from rtd.common.format_units import format_count, format_duration, format_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from rtctl.cli.context import CommandContext
    from rtctl.client.output_lines import Line
    from rtctl.generated.answers import LogsResult, ShowResult
    from rtctl.generated.shapes import LogPart, Row

#: An id of a run; `rtd.common.ids`, which has the same number, would cost each `rtctl` 10 ms.
_ID_CHARS = 26
RAW = Flag("--raw", "on a terminal, too: output as it is, with its colours and escape sequences")
#: The progress line does not wait longer for the row of the run.
_ROW_S = 0.5
#: A shorter wait shows no progress line.
_PATIENCE_S = 1.0
_REFRESH_S = 0.5


def going_on(runs: Sequence[str], again: str = "wait") -> str:
    """Return what continues after a Ctrl-C.

    Args:
        again: the verb that looks again.
    """
    if len(runs) == 1:
        end = runs[0][-SHORT_ID:] if len(runs[0]) == _ID_CHARS else runs[0]
        verbs = f"`rtctl {again} {end}` looks again, `rtctl kill {end}` ends it"
        return f"run {runs[0]} continues: {verbs}"
    return f"the {len(runs):,} runs continue: `rtctl ls` shows them"


def wait_for(
    context: CommandContext, runs: list[str], timeout_s: float | None = None, any: bool = False
) -> list[Row]:
    """Return the rows of the runs when they are over. Shows a progress line on a terminal.

    Raises:
        WaitTimeout: the runs were not over in time.
    """
    context.goes_on = going_on(runs)
    if not context.screen.stderr_is_terminal or context.quiet:
        return context.pool.wait(runs, timeout_s, any)
    started = monotonic()
    shown = False
    try:
        while True:
            waited_s = monotonic() - started
            left_s = None if timeout_s is None else timeout_s - waited_s
            slice_s = _PATIENCE_S if waited_s < _PATIENCE_S else _REFRESH_S
            last = left_s is not None and left_s <= slice_s
            try:
                return context.pool.wait(runs, max(left_s or 0.0, 0.0) if last else slice_s, any)
            except WaitTimeout as error:
                if last:
                    raise
                over = (error.details or {}).get("over", 0)
            _show_progress(context, runs, over, monotonic() - started)
            shown = True
    finally:
        if shown:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()


def _show_progress(context: CommandContext, runs: list[str], over: int, waited_s: float) -> None:
    answer = _shown(context, runs[0]) if len(runs) == 1 else None
    if answer is not None:
        row, waits = answer["row"], answer["waits"]
        parts = [
            clean(row["task"]),
            row["state"],
            short_duration(waited_s),
            clean(progress_text(row) or waits),
        ]
    else:
        is_over = "is" if over == 1 else "are"
        count = "the run" if len(runs) == 1 else f"runs: {over} of {len(runs)} {is_over} over"
        parts = [f"waiting for {count}", short_duration(waited_s)]
    text = cut("  ".join(part for part in parts if part), (context.screen.width or 80) - 1)
    sys.stderr.write(f"\r\033[K{text}")
    sys.stderr.flush()


def _shown(context: CommandContext, run: str) -> ShowResult | None:
    """Return what there is of a run; None: rtd or Redis is silent, and the wait goes on."""
    try:
        return context.pool.rpc_within(_ROW_S).show(run=run)
    except (WaitTimeout, StoreGone):
        return None


def write_parts(parts: Iterable[LogPart], split: bool, is_raw: bool) -> bool:
    """Copy the output of a run to stdout as it comes: to files and pipes byte for byte, to a
    terminal without escape sequences. Returns whether the last line has no end.

    Args:
        split: the run's stderr goes to our stderr.
        is_raw: a terminal gets it byte for byte, too.
    """
    is_open = False
    cleaners = {
        stream: OutputCleaner()
        for stream in (sys.stdout, sys.stderr)
        if not is_raw and stream.isatty()
    }
    for part in parts:
        target = sys.stderr if split and part["stream"] == "err" else sys.stdout
        if target is sys.stdout:
            is_open = not part["data"].endswith(b"\n")
        cleaner = cleaners.get(target)
        if cleaner is None:
            target.buffer.write(part["data"])
            target.buffer.flush()
        else:
            target.write(cleaner.clean(part["data"]))
            target.flush()
    for target, cleaner in cleaners.items():
        target.write(cleaner.clean(b"", is_last=True))
        target.flush()
    return is_open


def write_lines(context: CommandContext, parts: Iterable[LogPart], say: Any) -> None:
    """Call `say` with each line as soon as it is whole."""
    assembler = LineAssembler()
    for part in parts:
        for line in assembler.feed(part):
            say(line)
        sys.stdout.flush()
    for line in assembler.finish():
        say(line)


def line_entry(line: Line) -> dict[str, Any]:
    """Return a line of output as a map for JSON."""
    return {"at": line.at, "stream": line.stream, "attempt": line.attempt, "line": str(line)}


def write_json_lines(context: CommandContext, parts: Iterable[LogPart]) -> None:
    """Print each line of output as a line of JSON, as soon as it is whole."""
    from rtctl.cli import json_output  # lazy: json costs 7 ms

    write_lines(
        context,
        parts,
        lambda line: context.screen.print_out(json_output.dump_line(line_entry(line))),
    )


def write_timed_lines(context: CommandContext, parts: Iterable[LogPart]) -> None:
    """Print each line as `2026-03-06 08:00:01.250 EET out | text`, as soon as it is whole."""
    assembler = LineAssembler()
    for part in parts:
        for data, of in assembler.feed_whole(part):
            context.screen.print_out(timed_lines(data, of))
        sys.stdout.flush()
    for data, of in assembler.finish_whole():
        context.screen.print_out(timed_lines(data, of))


def timed_lines(data: bytes, part: LogPart) -> str:
    """Return lines of output, each with the time and the stream of the part that ended it."""
    at = part["at"]
    moment = "-" if at is None else format_time(at, has_ms=True)
    head = f"{moment} {part['stream']:3} | "
    text = data.decode(errors="replace").removesuffix("\n")
    if "\r" in text:
        text = "\n".join(line.rstrip("\r") for line in text.split("\n"))
    return head + text.replace("\n", f"\n{head}")


def print_end(context: CommandContext, row: Row) -> None:
    """Print on stderr how a run ended, unless it succeeded."""
    if row["state"] == "succeeded" or context.quiet:
        return
    took_s = (row["ended_at"] or time()) - row["started_at"] if row["started_at"] else None
    after = f" after {format_duration(max(took_s, 0.0))}" if took_s is not None else ""
    why = f": {clean(row['why'])}" if row["why"] else ""
    context.screen.print_err(f"rtctl: run {row['id']} {state_phrase(row['state'])}{after}{why}")


def print_dropped(context: CommandContext, answer: LogsResult | None) -> None:
    """Print on stderr how much of the output was dropped, if some was.

    Args:
        answer: what followed the last part; None: it did not come.
    """
    if answer and answer["lost_bytes"] and not context.quiet:
        lost = format_count(
            answer["lost_bytes"], "byte of this output was", "bytes of this output were"
        )
        context.screen.print_err(f"rtctl: {lost} dropped")


def follow(context: CommandContext, run_id: str) -> Row:
    """Copy a run's output until the run is over, and return its row. Reports a lost connection,
    and output that was dropped or is on another node.

    With JSON each line of output is a line of JSON, else the output is copied byte for byte.
    """
    context.goes_on = going_on([run_id], "logs -f")
    stream = context.rpc.logs(run=run_id, follow=True)
    try:
        if context.is_json:
            write_json_lines(context, stream)
        else:
            is_raw = context.args.raw
            context.screen.is_line_open = write_parts(stream, split=True, is_raw=is_raw)
    except RtdError as error:
        if error.code not in ("unreachable", "wrong_state"):  # the latter: it is on another node
            raise
        context.screen.print_err(f"rtctl: {error.sentence}; waiting for the end of the run")
    finally:
        stream.close()
    print_dropped(context, stream.answer)
    return wait_for(context, [run_id])[0]
