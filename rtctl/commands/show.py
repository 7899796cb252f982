"""`rtctl show`: everything that is known of a run."""

from __future__ import annotations

from rtctl.cli.print_answers import values_text
from rtctl.cli.run_rows import elapsed_text, progress_text, time_text
from rtctl.cli.screen import ago, align_pairs, clean
from rtd.common.errors import RtdError
from rtd.common.format_units import format_bytes, format_duration, shown_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtctl.cli.context import CommandContext
    from rtctl.generated.answers import ShowResult
    from rtctl.generated.shapes import AttemptRow, Row

USAGE = "show RUN ..."
FLAGS = ()
MORE = """RUN is an id, 4 or more characters of its start or end, or the key that you gave it."""

#: A longer result is cut.
RESULT_CHARS = 200


def run(context: CommandContext) -> int:
    """Print everything that is known of each run."""
    answers = [context.rpc.show(run=target) for target in context.targets()]
    if context.is_json:
        for answer in answers:
            context.print_json(answer)
        return 0
    for at, answer in enumerate(answers):
        if context.quiet:
            context.screen.print_out(answer["row"]["id"])
            continue
        if at:
            context.screen.print_out("")
        _print(context, answer)
    return 0


def _state(state: str) -> str:
    """Return the state, and of a failure the kind: `failed (exception)`."""
    shown = shown_state(state)
    return f"{shown} ({state})" if shown == "failed" else shown


def _print(context: CommandContext, answer: ShowResult) -> None:
    row = answer["row"]
    pairs = [
        ("run", row["id"]),
        ("task", clean(row["task"])),
        ("state", context.screen.paint(_state(row["state"]), row["state"])),
        ("node", clean(answer["node"] or "")),
        ("waits", clean(answer["waits"])),
        *_facts(row),
        ("submitted by", clean(answer["submitted_by"])),
        ("retry of", answer.get("retry_of") or ""),
        ("parameters", values_text(answer["params"])),
        ("headers", values_text(answer["headers"])),
        ("options", values_text(answer["options"])),
        ("policies", values_text(answer["policies"])),
    ]
    pairs.append(("result", _result(context, row, answer.get("private", False))))
    context.screen.print_out(align_pairs((name, value) for name, value in pairs if value))
    for attempt in answer["attempts"]:
        _print_attempt(context, attempt)
    for pid, name, how in answer["pids"]:
        context.screen.print_out(f"ended {pid} {clean(name)}: {clean(how)}")
    for pid, name, size, cpu_s in answer["tree"]:
        used = f"{format_bytes(size)}, {format_duration(cpu_s)} CPU"
        context.screen.print_out(f"process {pid} {clean(name)}: {used}")


def _facts(row: Row) -> Iterator[tuple[str, str]]:
    from time import time  # lazy: nothing else here needs it

    now = time()
    yield "why", clean(row["why"] or "")
    yield "by", clean(row["by"] or "")
    yield "exit", exit_text(row["exit"])
    yield "progress", clean(progress_text(row))
    yield "queue", clean(f"{row['queue']}, priority {row['priority']}, lane {row['lane']}")
    yield "key", clean(row["key"] or "")
    yield "labels", clean(", ".join(row["labels"]))
    yield "submitted", f"{time_text(row['submitted_at'])} ({ago(row['submitted_at'], now)})"
    if row["due_at"] is not None:
        yield "due", f"{time_text(row['due_at'])} ({ago(row['due_at'], now)})"
    if row["started_at"] is not None:
        yield "started", f"{time_text(row['started_at'])} ({ago(row['started_at'], now)})"
        yield "took" if row["ended_at"] else "has run", elapsed_text(row, now)
    if row["ended_at"] is not None:
        yield "ended", f"{time_text(row['ended_at'])} ({ago(row['ended_at'], now)})"
    yield "attempt", f"{row['attempt']} of {row['attempts']}"
    if row["peak_bytes"]:
        peak = format_bytes(row["peak_bytes"])
        yield "used", f"{format_duration(row['cpu_s'])} CPU, {peak} memory at most"
    yield "pid", str(row["pid"] or "")


def exit_text(found: list[int | None] | None) -> str:
    """Return `code 3` or `signal 9`."""
    code, signal = found or (None, None)
    if signal:
        return f"signal {signal}"
    return "" if code is None else f"code {code}"


def _print_attempt(context: CommandContext, attempt: AttemptRow) -> None:
    took_s = max(attempt["ended_at"] - attempt["started_at"], 0.0)
    facts = [f"{time_text(attempt['started_at'])}, {format_duration(took_s)}"]
    facts += [exit_text(attempt["exit"])] if attempt["exit"] else []
    facts += [f"output {format_bytes(attempt['output_bytes'])}"] if attempt["output_bytes"] else []
    lost = attempt["lost_bytes"]
    facts += [f"{format_bytes(lost)} of output lost"] if lost else []
    facts += [f"on node {clean(attempt['node'])}"] if attempt["node"] else []
    state = context.screen.paint(_state(attempt["state"]), attempt["state"])
    context.screen.print_out(f"attempt {attempt['number']}  {state}  {', '.join(facts)}")
    if attempt["note"]:
        context.screen.print_out(f"  {clean(attempt['note'])}")
    if attempt["error"]:
        kind, message, trace = attempt["error"]
        text = trace.rstrip() or f"{kind}: {message}"
        context.screen.print_out("\n".join(f"  {line}" for line in text.splitlines()))


def _result(context: CommandContext, row: Row, is_private: bool) -> str:
    """Return what the run has returned, cut where it is long; empty: nothing.

    Args:
        is_private: the result may have private values.
    """
    if row["state"] != "succeeded" or row["lane"] == "command":
        return ""
    if is_private:
        return f"(the task has private parameters; `rtctl result {row['id']}` shows it)"
    try:
        value = context.rpc.result(run=row["id"])["value"]
    except RtdError as error:  # the rest is worth showing
        return f"({clean(error.sentence)})"
    text = "" if value is None else _json(value)
    if len(text) <= RESULT_CHARS:
        return text
    return f"{text[:RESULT_CHARS]}… ({len(text):,} characters; `rtctl result {row['id']}` has all)"


def _json(value: object) -> str:
    from rtctl.cli.json_output import dump_user_value  # lazy: json costs 7 ms

    return dump_user_value(value)
