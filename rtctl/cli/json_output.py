"""Answers as JSON: stable names, a `schema` in front, times as RFC 3339."""

import json
import sys
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any


def envelope(schema: str, answer: dict[str, Any], indent: int | None) -> str:
    """Return a whole answer as one JSON document."""
    return dump_line({"schema": f"rtctl.{schema}/1", **answer}, indent)


def dump_line(value: Any, indent: int | None = None) -> str:
    """Return one value as JSON."""
    return json.dumps(plain(value), indent=indent, ensure_ascii=_must_escape())


def dump_user_value(value: Any, indent: int | None = None) -> str:
    """Return a user's value as JSON; its names have no meaning here."""
    return json.dumps(plain(value, "", True), indent=indent, ensure_ascii=_must_escape())


def _must_escape() -> bool:
    """Return whether stdout cannot take every character: JSON then has its own escapes for them."""
    return (sys.stdout.encoding or "").lower() not in ("utf-8", "utf8")


#: Members that hold values of users, whose names have no meaning here.
_FOREIGN = frozenset({"params", "value", "detail"})


def plain(value: Any, name: str = "", foreign: bool = False) -> Any:
    """Return the value as JSON can hold it: times as text, other types as the nearest one.

    Args:
        name: the key of the value; `..._at` are times.
        foreign: the value is a user's, so names in it have no meaning here.
    """
    if not foreign:
        if name in ("pids", "tree") and isinstance(value, list):
            heads = ("pid", "name", "how") if name == "pids" else ("pid", "name", "bytes", "cpu_s")
            return [dict(zip(heads, entry, strict=False)) for entry in value]
        if (name.endswith("_at") or name == "at") and isinstance(value, int | float):
            return rfc3339(value)
    if isinstance(value, dict):
        return {
            _key(key): plain(inner, str(key), foreign or key in _FOREIGN)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner, "", foreign) for inner in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else str(value)  # JSON has no nan and no inf
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return {"base64": b64encode(value).decode()}
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _key(key: Any) -> str:
    return key if isinstance(key, str) else json.dumps(plain(key, "", True), ensure_ascii=False)


def rfc3339(at: float) -> str:
    """Return epoch seconds as `2026-01-31T08:00:00.123Z`."""
    text = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
