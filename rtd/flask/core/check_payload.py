"""Refuses objects of Flask as parameters, and says what to pass in their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from flask import Flask, Request
from werkzeug.datastructures import FileStorage
from werkzeug.local import LocalProxy

from rtd.common.errors import UnserialisableError

_FILE: Final = (
    "an uploaded file ends with its request: save it (upload.save(path)) and pass the path"
)
_APP: Final = (
    "the task has the app itself: use current_app in the task, and pass what it needs to know"
)
_REQUEST: Final = "a request ends before the task begins: pass the values that the task needs"
_PROXY: Final = "it stands for another object in each context: pass plain values of it"


def check_payload(task: str, params: Mapping[str, Any]) -> None:
    """Raise UnserialisableError for a parameter that is, or holds, an object of Flask."""
    for path, value in _values(params):
        hint = _hint_for(value)
        if hint is not None:
            raise UnserialisableError(f"task {task!r}: {path} is a {_kind(value)}; {hint}")


def _values(params: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    todo: list[tuple[str, Any]] = [(str(name), value) for name, value in params.items()]
    seen: set[int] = set()
    while todo:
        path, value = todo.pop()
        yield path, value
        kind = type(value)  # a LocalProxy has the `__class__` of another object
        if kind not in (dict, list, tuple) or id(value) in seen:
            continue
        seen.add(id(value))
        pairs = value.items() if kind is dict else enumerate(value)
        todo.extend((f"{path}[{key!r}]", inner) for key, inner in pairs)


def _hint_for(value: Any) -> str | None:
    kind = type(value)
    if issubclass(kind, LocalProxy):
        inner = _kind(value)
        return {"Flask": _APP, "Request": _REQUEST}.get(inner, _PROXY)
    if issubclass(kind, FileStorage):
        return _FILE
    if issubclass(kind, Flask):
        return _APP
    return _REQUEST if issubclass(kind, Request) else None


def _kind(value: Any) -> str:
    if not issubclass(type(value), LocalProxy):
        return type(value).__name__
    try:
        return type(value._get_current_object()).__name__
    except RuntimeError:  # outside of a context
        return "LocalProxy"
