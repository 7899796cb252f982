"""Places the boxes of a graph in columns, so that lines lead from left to right.

The usual steps: reverse lines that close a circle, put each box into the column behind its last
predecessor, let a line that passes columns hold a place in each, sort the columns until few lines
cross, and move neighbours to the same height.
"""

from __future__ import annotations

from itertools import pairwise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    #: The number of a box, or (line, column) where a line passes a column.
    Spot = int | tuple[int, int]

_SWEEPS = 8
#: If lines together pass more columns than this, they are drawn straight.
_MOST_PASSED = 20_000


class Layout:
    """A place for each box.

    Attributes:
        columns: the spots of each column, from top to bottom.
        row: the height of each spot, in rows; the first is 0.
        passes: the spots of each line, from its left end to its right end.
        turned: the lines that lead from right to left.
    """

    def __init__(self, count: int, lines: Sequence[tuple[int, int]]) -> None:
        """
        Args:
            count: how many boxes there are, numbered from 0.
            lines: from box to box; none from a box to itself, none twice.
        """
        self.turned = _circles(count, lines)
        forward = [(b, a) if at in self.turned else (a, b) for at, (a, b) in enumerate(lines)]
        column = _columns(count, forward)
        self.passes = _passes(forward, column)
        self.columns: list[list[Spot]] = [[] for _ in range(max(column, default=-1) + 1)]
        for box in range(count):
            self.columns[column[box]].append(box)
        for spots in self.passes:
            for spot in spots[1:-1]:
                assert isinstance(spot, tuple)
                self.columns[spot[1]].append(spot)
        before, behind = self._neighbours()
        self._sort(before, behind)
        self.row = self._heights(before, behind)

    def _neighbours(self) -> tuple[dict[Spot, list[Spot]], dict[Spot, list[Spot]]]:
        every = [spot for spots in self.columns for spot in spots]
        before: dict[Spot, list[Spot]] = {spot: [] for spot in every}
        behind: dict[Spot, list[Spot]] = {spot: [] for spot in every}
        for spots in self.passes:
            for left, right in pairwise(spots):
                behind[left].append(right)
                before[right].append(left)
        return before, behind

    def _sort(self, before: Mapping[Spot, list[Spot]], behind: Mapping[Spot, list[Spot]]) -> None:
        """Move each spot near the middle of its neighbours, from left to right and back."""
        place = {s: float(at) for spots in self.columns for at, s in enumerate(spots)}
        for sweep in range(_SWEEPS):
            near = behind if sweep % 2 else before
            for spots in self.columns[::-1] if sweep % 2 else self.columns:
                spots.sort(key=lambda spot: _middle([place[n] for n in near[spot]], place[spot]))
                place.update((spot, float(at)) for at, spot in enumerate(spots))

    def _heights(
        self, before: Mapping[Spot, list[Spot]], behind: Mapping[Spot, list[Spot]]
    ) -> dict[Spot, float]:
        row = {s: float(at) for spots in self.columns for at, s in enumerate(spots)}
        for sweep in range(_SWEEPS):
            near = before if sweep % 2 else behind
            for spots in self.columns if sweep % 2 else self.columns[::-1]:
                wished = [_middle([row[n] for n in near[spot]], row[spot]) for spot in spots]
                row.update(zip(spots, _spread(wished), strict=True))
        top = min(row.values(), default=0.0)
        return {spot: height - top for spot, height in row.items()}


def _middle(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _spread(wished: Sequence[float]) -> list[float]:
    """Return heights at least one row apart, in this order, close to the wished ones."""
    groups: list[list[float]] = []  # sum and count of neighbours that touch
    for at, height in enumerate(wished):
        groups.append([height - at, 1.0])
        while len(groups) > 1 and groups[-2][0] / groups[-2][1] >= groups[-1][0] / groups[-1][1]:
            total, count = groups.pop()
            groups[-1][0] += total
            groups[-1][1] += count
    flat = [total / count for total, count in groups for _ in range(int(count))]
    return [height + at for at, height in enumerate(flat)]


def _circles(count: int, lines: Iterable[tuple[int, int]]) -> frozenset[int]:
    """Return the lines that close a circle."""
    out: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    led = set()
    for at, (source, target) in enumerate(lines):
        out[source].append((at, target))
        led.add(target)
    fresh, open_, done = 0, 1, 2
    state = [fresh] * count
    back = set()
    for root in sorted(range(count), key=lambda box: box in led):
        path = [root] if state[root] == fresh else []
        while path:
            box = path[-1]
            state[box] = open_
            if not out[box]:
                state[path.pop()] = done
                continue
            at, target = out[box].pop()
            if state[target] == open_:
                back.add(at)
            elif state[target] == fresh:
                path.append(target)
    return frozenset(back)


def _columns(count: int, lines: Sequence[tuple[int, int]]) -> list[int]:
    """Return each box's column: behind its last predecessor. A box without one stands just before
    its first successor. The graph has no circles here."""
    out: list[list[int]] = [[] for _ in range(count)]
    waits = [0] * count
    for source, target in lines:
        out[source].append(target)
        waits[target] += 1
    column = [0] * count
    roots = [box for box in range(count) if not waits[box]]
    todo = list(roots)
    while todo:
        box = todo.pop()
        for target in out[box]:
            column[target] = max(column[target], column[box] + 1)
            waits[target] -= 1
            if not waits[target]:
                todo.append(target)
    for box in roots:
        if out[box]:
            column[box] = min(column[target] for target in out[box]) - 1
    return column


def _passes(lines: Sequence[tuple[int, int]], column: Sequence[int]) -> list[list[Spot]]:
    passed = sum(max(column[target] - column[source] - 1, 0) for source, target in lines)
    if passed > _MOST_PASSED:
        return [[source, target] for source, target in lines]
    return [
        [source, *((at, c) for c in range(column[source] + 1, column[target])), target]
        for at, (source, target) in enumerate(lines)
    ]
