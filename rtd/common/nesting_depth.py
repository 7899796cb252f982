"""The examination of users' values: how deep they are nested, so that every reader can read them,
and bytearrays and memoryviews, which MessagePack would write as bytes, unasked.

Imported by every client, so it must stay cheap.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Lists, maps, tuples and sets within each other. MessagePack's readers and writers can do more
#: (511 at least); `repr` and `json`, which meet every value sooner or later, not much more.
MAX_DEPTH = 200
#: Tuples and sets within each other. Each is MessagePack within MessagePack, and a reader within
#: a reader takes some 40 kB of the C stack, whose end is a segmentation fault.
MAX_BOXES = 32

BOXES = (tuple, set, frozenset)
CONTAINERS = (dict, list, *BOXES)
_SCALARS = frozenset({int, str, float, bool, bytes, type(None)})
_VIEWS = frozenset({bytearray, memoryview})


def may_hold_views(blob: bytes) -> bool:
    """Whether what was packed may have a bytearray or memoryview in it: it has a mark of bytes."""
    return 0xC4 in blob or 0xC5 in blob or 0xC6 in blob


def examine(value: Any) -> tuple[bool, bool]:
    """Return whether more than `MAX_DEPTH` containers are nested, and whether a value has
    bytearrays or memoryviews in it. The value must not contain itself."""
    holds_views = type(value) in _VIEWS
    level = [value] if isinstance(value, CONTAINERS) else []
    # Whole levels at once, so that most of the work is done in C.
    for _ in range(MAX_DEPTH):
        parts: list[Any] = []
        for outer in level:
            parts += outer
            if isinstance(outer, dict):
                parts += outer.values()
        kinds = set(map(type, parts))
        holds_views = holds_views or not kinds.isdisjoint(_VIEWS)
        if kinds <= _SCALARS:
            return False, holds_views
        level = [inner for inner in parts if isinstance(inner, CONTAINERS)]
    return bool(level), holds_views
