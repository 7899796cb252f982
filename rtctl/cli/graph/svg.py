"""The graph as an SVG picture; no other program is needed."""

from __future__ import annotations

from rtctl.cli.graph.layers import Layout
from rtctl.cli.screen import clean, cut, shown_width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtctl.cli.graph.layers import Spot
    from rtctl.generated.answers import GraphResult
    from rtctl.generated.shapes import GraphEdge, GraphNode

#: Pixels: a character's width, heights of a box and a row, the margin, the gap between columns.
_CHAR, _SMALL_CHAR, _BOX, _ROW, _MARGIN = 7.3, 6.0, 28.0, 46.0, 20.0
_GAP, _WIDEST_GAP = 60.0, 190.0
#: How far below the middle of its box a line back begins and ends.
_LOWER = 9.0
#: From the middle of a text to its baseline; not every program knows a better way.
_HALF = 'dy="0.35em"'
#: Characters of a name, and how many boxes that stand alone share a row.
_LONGEST, _ALONE = 40, 6
_STYLE = """
svg { font-family: ui-sans-serif, system-ui, sans-serif; background: #fff }
rect { fill: #f6f8fa; stroke: #57606a; rx: 5 }
.missing rect { stroke-dasharray: 4 3; fill: #fff }
text { font-size: 13px; fill: #1f2328; text-anchor: middle }
path { fill: none; stroke: #57606a; stroke-width: 1.4 }
.label { font-size: 10.5px; fill: #57606a; paint-order: stroke; stroke: #fff; stroke-width: 4px }
.failed path { stroke: #cf222e }
.asked path { stroke-dasharray: 2 3 }
.given path { stroke: #0969da; stroke-dasharray: 6 3 }
.ends path { stroke: #cf222e; stroke-dasharray: 2 3 }
"""


class _Line:
    """All edges from one task to another: one line with one label."""

    def __init__(self, edges: list[GraphEdge], source: int, target: int) -> None:
        self.ends = (source, target)
        self.text = ", ".join(clean(edge["text"]) for edge in edges)
        kind = edges[0]["kind"]
        self.role = "failed" if kind == "after" and _is_failure(self.text) else kind


def _is_failure(text: str) -> bool:
    return "fail" in text or "unsuccessful" in text


def draw(answer: GraphResult) -> str:
    """Return the picture as XML; each box and line has its details as a title."""
    return "\n".join(_Picture(answer).lines())


class _Picture:
    def __init__(self, answer: GraphResult) -> None:
        nodes = answer["nodes"]
        number = {node["task"]: at for at, node in enumerate(nodes)}
        joined: dict[tuple[int, int], list[GraphEdge]] = {}
        for edge in answer["edges"]:
            joined.setdefault((number[edge["source"]], number[edge["target"]]), []).append(edge)
        every = [_Line(edges, *ends) for ends, edges in joined.items()]
        self._nodes = nodes
        self._loops = [line for line in every if line.ends[0] == line.ends[1]]
        self._lines = [line for line in every if line.ends[0] != line.ends[1]]
        connected = sorted({box for line in self._lines for box in line.ends})
        self._alone = [box for box in range(len(nodes)) if box not in set(connected)]
        # The layout numbers only boxes that have lines.
        place = {box: at for at, box in enumerate(connected)}
        ends = [(place[line.ends[0]], place[line.ends[1]]) for line in self._lines]
        self._layout = Layout(len(connected), ends)
        self._spot: dict[int, Spot] = dict(place.items())
        self._left: list[float] = []
        self._width = self._columns(connected)
        rows = max(self._layout.row.values(), default=-1.0) + 1
        self._below = _MARGIN + rows * _ROW
        self._boxes = {box: self._place(box) for box in connected} | self._lone_places()

    # --- positions

    def _columns(self, connected: list[int]) -> list[float]:
        """Return the width of each column; notes where each begins."""
        gap = _gap_of(self._lines)
        widths, x = [], _MARGIN
        for spots in self._layout.columns:
            boxes = [connected[spot] for spot in spots if isinstance(spot, int)]
            widths.append(max((self._width_of(box) for box in boxes), default=0.0))
            self._left.append(x)
            x += widths[-1] + gap
        self._column_of = {s: at for at, spots in enumerate(self._layout.columns) for s in spots}
        return widths

    def _width_of(self, box: int) -> float:
        return shown_width(_name(self._nodes[box])) * _CHAR + 20

    def _place(self, box: int) -> tuple[float, float]:
        """Return the left end of a box, and its middle height."""
        spot = self._spot[box]
        at = self._column_of[spot]
        return self._left[at] + (self._width[at] - self._width_of(box)) / 2, self._y(spot)

    def _y(self, spot: Spot) -> float:
        return _MARGIN + _BOX / 2 + self._layout.row[spot] * _ROW

    def _lone_places(self) -> dict[int, tuple[float, float]]:
        """Place the boxes without lines in rows below all others."""
        widest = max((self._width_of(box) for box in self._alone), default=0.0)
        return {
            box: (
                _MARGIN + (at % _ALONE) * (widest + 20),
                self._below + (at // _ALONE) * _ROW + _BOX / 2,
            )
            for at, box in enumerate(self._alone)
        }

    # --- the picture

    def lines(self) -> Iterator[str]:
        boxes = self._boxes.items()
        width = max((x + self._width_of(box) for box, (x, _) in boxes), default=0.0) + _MARGIN
        height = max((y for _, (_, y) in boxes), default=0.0) + _BOX / 2 + _MARGIN
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}"'
            f' viewBox="0 0 {width:.0f} {height:.0f}">'
        )
        yield f"<style>{_STYLE}</style>"
        yield '<defs><marker id="end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7"'
        yield ' markerHeight="7" orient="auto-start-reverse"><path d="M0 0 L8 4 L0 8 z"'
        yield ' style="fill:#57606a;stroke:none"/></marker></defs>'
        for at, line in enumerate(self._lines):
            yield from self._curve(line, self._points(at))
        for line in self._loops:
            yield from self._loop(line)
        for box, (x, y) in boxes:
            yield from self._box(self._nodes[box], x, y, self._width_of(box))
        yield "</svg>"

    def _points(self, at: int) -> list[tuple[float, float]]:
        """Return the points of a line: its start, the columns that it passes, its end."""
        spots = self._layout.passes[at]
        source, target = self._lines[at].ends
        left, right = (target, source) if at in self._layout.turned else (source, target)
        x, y = self._boxes[left]
        points = [(x + self._width_of(left), y)]
        for spot in spots[1:-1]:
            column, height = self._column_of[spot], self._y(spot)
            points.append((self._left[column], height))
            points.append((self._left[column] + self._width[column], height))
        points.append(self._boxes[right])
        if at in self._layout.turned:
            return [(x, y + _LOWER) for x, y in points[::-1]]
        return points

    def _curve(self, line: _Line, points: list[tuple[float, float]]) -> Iterator[str]:
        (x, y), *rest = points
        path = f"M{x:.1f} {y:.1f}"
        for to_x, to_y in rest:
            bend = (to_x - x) / 2
            path += f" C{x + bend:.1f} {y:.1f} {to_x - bend:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
            x, y = to_x, to_y
        (ax, ay), (bx, by) = points[-2:]
        yield from self._labelled(line, path, (ax + bx) / 2, (ay + by) / 2)

    def _loop(self, line: _Line) -> Iterator[str]:
        box = line.ends[0]
        x, y = self._boxes[box]
        x, y = x + self._width_of(box) / 2, y - _BOX / 2
        path = f"M{x - 9:.1f} {y:.1f} C{x - 16:.1f} {y - 18:.1f} {x + 16:.1f} {y - 18:.1f}"
        yield from self._labelled(line, f"{path} {x + 9:.1f} {y:.1f}", x, y - 14)

    def _labelled(self, line: _Line, path: str, x: float, y: float) -> Iterator[str]:
        source, target = (clean(self._nodes[end]["task"]) for end in line.ends)
        label = cut(line.text, int(_WIDEST_GAP / _SMALL_CHAR) - 4)
        yield f'<g class="{line.role}"><title>{_xml(f"{source} → {target}: {line.text}")}</title>'
        yield f'<path d="{path}" marker-end="url(#end)"/>'
        yield f'<text class="label" x="{x:.1f}" y="{y:.1f}" {_HALF}>{_xml(label)}</text></g>'

    def _box(self, node: GraphNode, x: float, y: float, width: float) -> Iterator[str]:
        more = "there is no such task" if node["missing"] else clean(f"lane {node['lane']}")
        condition = f"\n{clean(node['condition'])}" if node["condition"] else ""
        yield f'<g class="{"missing" if node["missing"] else "task"}">'
        title = f"{clean(node['task'])}: {more}{condition}"
        yield f"<title>{_xml(title)}</title>"
        yield f'<rect x="{x:.1f}" y="{y - _BOX / 2:.1f}" width="{width:.1f}" height="{_BOX:.0f}"/>'
        yield f'<text x="{x + width / 2:.1f}" y="{y:.1f}" {_HALF}>{_xml(_name(node))}</text></g>'


def _name(node: GraphNode) -> str:
    return cut(clean(node["task"]), _LONGEST)


def _gap_of(lines: list[_Line]) -> float:
    """Return the room that the longest label needs."""
    longest = max((shown_width(line.text) for line in lines), default=0)
    return min(max(longest * _SMALL_CHAR + 30, _GAP), _WIDEST_GAP)


def _xml(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
