"""How deep the values of users may be nested, so that every reader can read them."""

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


def is_too_deep(value: Any) -> bool:
    """Whether more than `MAX_DEPTH` containers are nested. The value must not contain itself."""
    level = [value] if isinstance(value, CONTAINERS) else []
    for _ in range(MAX_DEPTH):
        if not level:
            return False
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, CONTAINERS)
        ]
    return bool(level)
