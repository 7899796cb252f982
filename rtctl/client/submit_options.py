"""The options of a submit: from Python values to those of the wire."""

from __future__ import annotations

from rtctl.core.check_argument import check_map
from rtctl.generated.run_options import POLICIES
from rtd.common.errors import BadRequest, PolicyError
from rtd.common.exception_name import exception_name
from rtd.common.text_of import show_value
from rtd.model.run_record import HEADERS
from rtd.protocol.headers import headers_fault, plain_headers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

#: Options that name exceptions.
_NAMES = frozenset(name for name, kind, _ in POLICIES if kind == "names")

#: The option that names a run, and its former word.
_KEYS = ("key", "id")


def to_wire(options: Mapping[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """Return the key of the run, and the other options as plain values.

    Raises:
        BadRequest: the options are no dict, or the headers no map.
        PolicyError: an exception that is neither a class nor a name; a time out of range.
    """
    check_map("options", options)
    plain = {name: _plain(name, value) for name, value in options.items() if name not in _KEYS}
    return read_key(options), plain


def read_key(options: Mapping[str, Any]) -> str | None:
    """Return the key among the options of a submit. Raises PolicyError: it cannot be one."""
    given = [(name, options[name]) for name in _KEYS if options.get(name) is not None]
    if not given:
        return None
    name, key = given[0]
    if not isinstance(key, str) or not key:
        raise PolicyError(f"{name}: {key!r} is no key: it must be a text")
    if given[-1][1] != key:
        other = given[-1][1]
        raise PolicyError(f"key={key!r} and id={other!r}: both mean the key; write key alone")
    return key


def _plain(name: str, value: Any) -> Any:
    if name in _NAMES:
        many = isinstance(value, list | tuple | set | frozenset)
        return [_exception_name(name, item) for item in (value if many else [value])]
    if name == "labels" and isinstance(value, tuple | set | frozenset):
        return list(value)
    if name == HEADERS and value is not None:
        return _headers(value)
    try:
        if hasattr(value, "total_seconds"):
            return value.total_seconds()
        if name == "at" and hasattr(value, "timestamp"):
            return value.timestamp()
    except (TypeError, ValueError, OverflowError) as error:  # a class; the year 1
        raise PolicyError(f"{name}: {show_value(value)} is of no use: {error}") from None
    return value


def _headers(value: Any) -> Any:
    """Return a map as a dict; the daemon checks what is in it. Raises BadRequest for others."""
    plain = plain_headers(value)
    if not isinstance(plain, dict) and (fault := headers_fault(plain)):
        raise BadRequest(f"submit: {fault}")
    return plain


def _exception_name(option: str, item: Any) -> str:
    if isinstance(item, str):
        return item
    try:
        return exception_name(item)
    except ValueError as error:
        raise PolicyError(f"{option}: {error}") from None
