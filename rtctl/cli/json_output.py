"""Answers as JSON: stable names, a `schema` in front, times as RFC 3339."""

import json
import sys
from typing import Any

from rtctl.core.json_values import json_key, json_scalar, json_value, rfc3339


def envelope(schema: str, answer: dict[str, Any], indent: int | None) -> str:
    """Return a whole answer as one JSON document."""
    return dump_line({"schema": f"rtctl.{schema}/1", **answer}, indent)


def dump_line(value: Any, indent: int | None = None) -> str:
    """Return one value as JSON."""
    return json.dumps(plain(value), indent=indent, ensure_ascii=_must_escape())


def dump_user_value(value: Any, indent: int | None = None) -> str:
    """Return a user's value as JSON; its names have no meaning here."""
    return json.dumps(json_value(value), indent=indent, ensure_ascii=_must_escape())


def _must_escape() -> bool:
    """Return whether stdout cannot take every character: JSON then has its own escapes for them."""
    return (sys.stdout.encoding or "").lower() not in ("utf-8", "utf8")


#: Members that hold values of users, whose names have no meaning here.
_FOREIGN = frozenset({"params", "value", "detail"})


def plain(value: Any, name: str = "") -> Any:
    """Return a part of an answer as JSON can hold it: times as text, other types as the nearest
    one.

    Args:
        name: the key of the value; `..._at` are times.
    """
    if name in ("pids", "tree") and isinstance(value, list):
        heads = ("pid", "name", "how") if name == "pids" else ("pid", "name", "bytes", "cpu_s")
        return [dict(zip(heads, entry, strict=False)) for entry in value]
    if (name.endswith("_at") or name == "at") and isinstance(value, int | float):
        return rfc3339(value)
    if isinstance(value, dict):
        return {
            json_key(key): json_value(inner) if key in _FOREIGN else plain(inner, str(key))
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    return json_scalar(value)
