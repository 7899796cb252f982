"""`rtctl why`: why a task starts or does not."""

from __future__ import annotations

from time import time

from rtctl.cli.flags import UsageError
from rtctl.cli.run_rows import time_text, time_text_in, why_text
from rtctl.cli.screen import align_pairs, clean
from rtd.common.errors import AmbiguousRun, NoSuchRun, UnknownTask
from rtd.common.format_units import shown_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from rtctl.cli.context import CommandContext
    from rtctl.generated.answers import WhyResult

USAGE = "why TASK | RUN"
FLAGS = ()
MORE = """For a TASK: its condition with the fact behind each part, what else holds it, and when
it can start; its latest run that ended without success, and its latest scheduled start
that was missed. For a RUN: what it waits for, or why it ended."""


def run(context: CommandContext) -> int:
    """Explain why a task starts or does not."""
    (task,) = context.targets(1, 1, "TASK")
    try:
        answer = context.rpc.why(task=task)
    except UnknownTask as error:
        return _explain_run(context, task, error)
    if context.is_json:
        context.print_json(answer)
    elif context.quiet:
        for hold in answer["holds"]:
            context.screen.print_out(hold["kind"])
    else:
        context.screen.print_out(_text(answer))
    return 0


def _explain_run(context: CommandContext, target: str, error: UnknownTask) -> int:
    """Explain why a run waits or has ended. Raises `error` if there is no such run either."""
    try:
        answer = context.rpc.show(run=target)
    except (NoSuchRun, AmbiguousRun):
        raise error from None
    row = answer["row"]
    if context.is_json or context.quiet:
        raise UsageError(f"why: {target} is a run, not a task: `rtctl show {target}`")
    run = row["id"]
    state = shown_state(row["state"], row["by"])
    pairs = [("run", f"{run}, of task {clean(row['task'])}"), ("state", state)]
    if row["state"] == "queued":
        pairs.append(("waits", clean(answer["waits"]) or "for its turn"))
    elif row["ended_at"] is not None:
        pairs.append(("ended", time_text(row["ended_at"])))
        pairs.append(("why", clean(row["why"] or "")))
    pairs.append(("more", f"`rtctl show {run}`, `rtctl logs {run}`"))
    context.screen.print_out(align_pairs((name, value) for name, value in pairs if value))
    return 0


def _text(answer: WhyResult) -> str:
    pairs = [("task", clean(answer["task"])), ("condition", answer["condition"] or "-")]
    if answer["end_condition"]:
        pairs.append(("end", answer["end_condition"]))
    pairs += [("held by", clean(hold["text"])) for hold in answer["holds"]]
    pairs.append(("next", answer["next_text"]))
    failure, miss = answer["last_failure"], answer["last_miss"]
    if failure is not None:
        at = time_text_in(answer["timezone"], failure["ended_at"] or 0.0)
        why = why_text(failure) or "no reason known"
        state = shown_state(failure["state"], failure["by"])
        told = why if state in why else f"{state}: {why}"  # not `killed: killed by root`
        pairs.append(("last failure", f"{at}: {told}"))
        pairs.append(("", f"run {failure['id']}: `rtctl logs {failure['id']}` shows more"))
    if miss is not None:
        due = time_text_in(miss["timezone"], miss["due_at"])
        pairs.append(("last miss", f"{due}: {miss['verdict']}: {clean(miss['reason'])}"))
    lines = [align_pairs(pairs)]
    if answer["tree"]:
        zone = answer["timezone"]
        lines += ["", f"at {time_text_in(zone, time())} ({zone})", *_lines(answer["tree"], 1)]
    return "\n".join(lines)


def _lines(node: dict[str, Any], depth: int) -> list[str]:
    """Return the tree, a line per part, as `rtctl cond` shows it."""
    word = "true " if node["value"] else "false"
    lines = [f"{'  ' * depth}{word}  {node['text']}: {clean(node['fact'])}"]
    for child in node["children"]:
        lines += _lines(child, depth + 1)
    return lines
