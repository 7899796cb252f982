"""`rtctl graph`: which task waits for which: as a tree, for mermaid, as SVG."""

from __future__ import annotations

import sys

from rtctl.cli.flags import Flag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext
    from rtctl.generated.answers import GraphResult

USAGE = "graph [TASK]"
FLAGS = (
    Flag("-o/--output", "how to draw it (default: tree)", "tree|mermaid|svg|json|jsonl"),
)  # fmt: skip
MORE = """Shows which task starts after which, which reads the state of which, and which gets the
result of which. With a TASK: only the tasks before and after it. `rtctl graph -o svg >
tasks.svg` makes a picture; `-o mermaid` makes a text that many documentation tools
draw."""


def run(context: CommandContext) -> int:
    """Draw the tasks and their connections."""
    targets = context.targets(0, 1, "TASK")
    answer = context.rpc.graph(task=targets[0] if targets else None)
    if context.is_json:
        context.print_json(answer, rows="edges")
    elif context.quiet:
        for node in answer["nodes"]:
            context.screen.print_out(node["task"])
    elif answer["nodes"]:
        context.screen.print_out(_draw(answer, context.format))
    else:
        context.screen.print_err("rtctl: there are no tasks")
    return 0


def _draw(answer: GraphResult, how: str) -> str:
    if how == "svg":
        from rtctl.cli.graph import svg  # lazy: only the form in use

        return svg.draw(answer)
    if how == "mermaid":
        from rtctl.cli.graph import mermaid  # lazy: see above

        return mermaid.draw(answer)
    from rtctl.cli.graph import tree  # lazy: see above

    encoding = (sys.stdout.encoding or "ascii").lower()
    return tree.draw(answer, is_ascii=not encoding.startswith("utf"))
