"""The headers of a run: texts by name that travel with it, such as the id of a trace.

Imported by clients, so it must stay cheap.
"""

from __future__ import annotations

from rtd.common.text_of import is_utf8, pack_plain, show_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: How large all headers of a run may be, packed.
LIMIT_BYTES = 4096


def plain_headers(value: Any) -> Any:
    """Return any map as a dict. What is no map stays, and `headers_fault` says so."""
    if not hasattr(value, "keys"):
        return value
    try:
        return dict(value)
    except (TypeError, ValueError):  # a class of maps
        return value


def headers_fault(value: Any) -> str | None:
    """Return what is wrong with the headers of a submit; None: nothing."""
    if not isinstance(value, dict):
        return f"headers are a map of texts, not {show_value(value)}"
    for name, text in value.items():
        if not isinstance(name, str) or not name:
            return f"the name of a header is a text, not {show_value(name)}"
        if not isinstance(text, str):
            return f"header {show_value(name)} is a text, not {show_value(text)}"
        if not (is_utf8(name) and is_utf8(text)):
            return f"header {show_value(name)} must be UTF-8"
    size = len(pack_plain(value))
    if size > LIMIT_BYTES:
        return (
            f"the headers have {size:,} bytes, the limit is {LIMIT_BYTES:,}; pass larger data as"
            " parameters"
        )
    return None
