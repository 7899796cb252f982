"""Values as JSON can hold them."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def json_value(value: Any) -> Any:
    """Return a user's value as JSON can hold it: times as text, other types as the nearest one."""
    if isinstance(value, dict):
        return {json_key(key): json_value(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [json_value(inner) for inner in value]
    return json_scalar(value)


def json_scalar(value: Any) -> Any:
    """Return a value that holds no others; bytes that are no text as a map with `base64`."""
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


def json_key(key: Any) -> str:
    """Return a key of a map as text."""
    return key if isinstance(key, str) else json.dumps(json_value(key), ensure_ascii=False)


def rfc3339(at: float) -> str:
    """Return epoch seconds as `2026-01-31T08:00:00.123Z`."""
    text = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
