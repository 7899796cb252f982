"""`rtctl why`: why a task starts or does not."""

from __future__ import annotations

from rtctl.cli.screen import align_pairs, clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from rtctl.cli.context import CommandContext
    from rtctl.generated.answers import WhyResult

USAGE = "why TASK"
FLAGS = ()
MORE = """The condition of a task with the fact behind each part, what else holds it, and when it
can start."""


def run(context: CommandContext) -> int:
    """Explain why a task starts or does not."""
    (task,) = context.targets(1, 1, "TASK")
    answer = context.rpc.why(task=task)
    if context.is_json:
        context.print_json(answer)
    elif context.quiet:
        for hold in answer["holds"]:
            context.screen.print_out(hold["kind"])
    else:
        context.screen.print_out(_text(answer))
    return 0


def _text(answer: WhyResult) -> str:
    pairs = [("task", clean(answer["task"])), ("condition", answer["condition"] or "-")]
    if answer["end_condition"]:
        pairs.append(("end", answer["end_condition"]))
    pairs += [("held by", clean(hold["text"])) for hold in answer["holds"]]
    pairs.append(("next", answer["next_text"]))
    lines = [align_pairs(pairs)]
    if answer["tree"]:
        lines += ["", *_lines(answer["tree"], 0)]
    return "\n".join(lines)


def _lines(node: dict[str, Any], depth: int) -> list[str]:
    """Return the tree, a line per part, as `rtctl cond` shows it."""
    word = "true " if node["value"] else "false"
    lines = [f"{'  ' * depth}{word}  {node['text']}: {clean(node['fact'])}"]
    for child in node["children"]:
        lines += _lines(child, depth + 1)
    return lines
