"""The graph in mermaid's language, as GitHub and most documentation tools draw it."""

from __future__ import annotations

from rtctl.cli.screen import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.generated.answers import GraphResult

#: A line for what starts a task, dots for everything else.
_SOLID, _DOTTED = "-->", "-.->"


def draw(answer: GraphResult) -> str:
    """Return a flow chart from left to right."""
    ids = {node["task"]: f"t{at}" for at, node in enumerate(answer["nodes"])}
    lines = ["flowchart LR"]
    for node in answer["nodes"]:
        text = _quoted(node["task"])
        lines.append(f"    {ids[node['task']]}[{text}]{':::missing' * node['missing']}")
    for edge in answer["edges"]:
        arrow = _SOLID if edge["kind"] == "after" else _DOTTED
        source, target = ids[edge["source"]], ids[edge["target"]]
        lines.append(f"    {source} {arrow}|{_quoted(edge['text'])}| {target}")
    if any(node["missing"] for node in answer["nodes"]):
        lines.append("    classDef missing stroke-dasharray: 4 4")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """Return a label; characters with a meaning in mermaid become entities."""
    escaped = clean(text).replace("&", "#amp;").replace('"', "#quot;")
    return '"' + escaped.replace("<", "#lt;").replace(">", "#gt;") + '"'
