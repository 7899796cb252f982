"""Refuses as parameters what belongs to a request, an app or a process, and says what to pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from werkzeug.local import LocalProxy

from rtd.common.errors import UnserialisableError
from rtd.flask.core.payload_kinds import PROXY, hint_for_type

#: The types of most parameters, which need no check.
_PLAIN: Final = frozenset({str, int, float, bool, type(None), bytes})
_hint_for: Final[Callable[[Any], str | None]] = lru_cache(maxsize=256)(hint_for_type)


def check_payload(task: str, params: Mapping[str, Any]) -> None:
    """Raise UnserialisableError for a parameter that is, or holds, what a task cannot get."""
    for path, value in _values(params):
        kind = type(value)  # a LocalProxy has the `__class__` of another object
        if kind in _PLAIN:
            continue
        if issubclass(kind, LocalProxy):
            kind = _behind(value)
            hint = _hint_for(kind) or PROXY
        else:
            hint = _hint_for(kind) or ""
        if hint:
            name = kind.__name__
            article = "an" if name.lstrip("_")[:1].lower() in "aeiou" else "a"
            raise UnserialisableError(
                f"task {task!r}: {path} is {article} {name}; {hint.replace('IT', path)}"
            )


def _values(params: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    todo: list[tuple[str, Any]] = [(str(name), value) for name, value in params.items()]
    seen: set[int] = set()
    while todo:
        path, value = todo.pop()
        yield path, value
        kind = type(value)
        if kind not in (dict, list, tuple) or id(value) in seen:
            continue
        seen.add(id(value))
        pairs = value.items() if kind is dict else enumerate(value)
        todo.extend((f"{path}[{key!r}]", inner) for key, inner in pairs)


def _behind(proxy: Any) -> type:
    """Return the type of what a proxy stands for."""
    try:
        return type(proxy._get_current_object())
    except RuntimeError:  # outside of a context
        return LocalProxy
