"""Finds the part of a user's value that cannot be stored, and the reason."""

from collections.abc import Callable
from typing import Any, Final

from rtd.common.exception_name import type_name
from rtd.common.nesting_depth import BOXES, CONTAINERS, MAX_BOXES, MAX_DEPTH

UnstorablePart = tuple[str, str]


class UnstorableValue(ValueError):
    """A part of a value that cannot be stored.

    Attributes:
        path: where it is.
        fault: why.
    """

    def __init__(self, path: str, fault: str) -> None:
        super().__init__(fault)
        self.path = path
        self.fault = fault


TOO_DEEP: Final = f"nested more than {MAX_DEPTH} deep (or it contains itself)"
TOO_BOXED: Final = f"tuples or sets nested more than {MAX_BOXES} deep"
_PATH_CHARS: Final = 120


def find_unstorable(
    value: Any, path: str, try_pack: Callable[[Any], Any], depth: int = 0, boxes: int = 0
) -> UnstorablePart | None:
    """Return the path and the fault of the first part of a value that cannot be stored.

    Args:
        value: the value, which cannot be stored as a whole.
        path: how the value is called.
        try_pack: packs a value that contains no others, or raises.
        depth: how many containers the value is in.
        boxes: how many of those are tuples or sets.
    """
    if not isinstance(value, CONTAINERS):
        return _check_value(value, path, try_pack)
    if depth == MAX_DEPTH:
        return path[:_PATH_CHARS] + "...", TOO_DEEP
    boxes += isinstance(value, BOXES)
    if boxes > MAX_BOXES:
        return path[:_PATH_CHARS] + "...", TOO_BOXED
    for inner, inner_path in _parts(value, path):
        found = find_unstorable(inner, inner_path, try_pack, depth + 1, boxes)
        if found is not None:
            return found
    return None


def _parts(value: Any, path: str) -> list[tuple[Any, str]]:
    """Return the parts of a container with their paths, keys before values."""
    if isinstance(value, dict):
        keys = [(key, key_path(key, path)) for key in value]
        return keys + [(inner, part_path(key, path)) for key, inner in value.items()]
    if isinstance(value, list | tuple):
        return [(inner, f"{path}[{index}]") for index, inner in enumerate(value)]
    return [(inner, f"an element of {path}") for inner in value]


def key_path(key: Any, path: str) -> str:
    """Return what a key of a dict is called."""
    return f"the key {key!r:.80} of {path}"


def part_path(key: Any, path: str) -> str:
    """Return what the value of a key is called."""
    step = f".{key}" if isinstance(key, str) and key.isidentifier() else f"[{key!r:.80}]"
    return path + step


def _check_value(value: Any, path: str, try_pack: Callable[[Any], Any]) -> UnstorablePart | None:
    try:
        try_pack(value)
    except (TypeError, ValueError, OverflowError) as error:
        wrong_type = f"a value of type {type_name(type(value))}"
        return path, wrong_type if isinstance(error, TypeError) else str(error)
    return None
