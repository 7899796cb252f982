"""The graph as text: below each task its successors, each expanded once."""

from __future__ import annotations

from rtctl.cli.screen import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rtctl.generated.answers import GraphResult
    from rtctl.generated.shapes import GraphEdge, GraphNode

_LINES = ("├─ ", "└─ ", "│  ", "   ", " → ")
_ASCII = ("|- ", "`- ", "|  ", "   ", " -> ")


def draw(answer: GraphResult, is_ascii: bool = False) -> str:
    """Return the text; it begins with the tasks that no other leads to."""
    return "\n".join(_Tree(answer, _ASCII if is_ascii else _LINES).lines())


class _Tree:
    def __init__(self, answer: GraphResult, marks: Sequence[str]) -> None:
        self._nodes: dict[str, GraphNode] = {node["task"]: node for node in answer["nodes"]}
        self._behind: dict[str, dict[str, list[GraphEdge]]] = {name: {} for name in self._nodes}
        self._led = set()
        self._drawn: set[str] = set()
        self._marks = marks
        for edge in answer["edges"]:
            self._behind[edge["source"]].setdefault(edge["target"], []).append(edge)
            if edge["source"] != edge["target"]:
                self._led.add(edge["target"])

    def lines(self) -> Iterator[str]:
        """Return the roots: of trees first, then tasks without lines, then of circles."""
        roots = [name for name in self._nodes if name not in self._led]
        roots.sort(key=lambda name: not self._behind[name])
        for name in roots:
            yield from self._from(name)
        for name in self._nodes:
            if name not in self._drawn:
                yield from self._from(name)

    def _from(self, root: str) -> Iterator[str]:
        """Yield the lines of a task and of all below it, without recursion."""
        self._drawn.add(root)
        yield self._named(root) + self._when(root)
        edge, last, down, along, arrow = self._marks
        todo = self._children(root, "")
        while todo:
            indent, name, text, is_last = todo.pop()
            new = name not in self._drawn
            self._drawn.add(name)
            more = "" if new or not self._behind[name] else " (above)"
            yield f"{indent}{last if is_last else edge}{text}{arrow}{self._named(name)}{more}"
            if new:
                todo += self._children(name, indent + (along if is_last else down))

    def _children(self, name: str, indent: str) -> list[tuple[str, str, str, bool]]:
        """Return the successors of a task, the last first."""
        found = self._behind[name]
        rows = [
            (indent, target, ", ".join(clean(edge["text"]) for edge in edges), at == len(found) - 1)
            for at, (target, edges) in enumerate(found.items())
        ]
        return rows[::-1]

    def _named(self, name: str) -> str:
        return clean(name) + (" (there is no such task)" if self._nodes[name]["missing"] else "")

    def _when(self, name: str) -> str:
        condition = self._nodes[name]["condition"]
        return f"  [{clean(condition)}]" if condition else ""
