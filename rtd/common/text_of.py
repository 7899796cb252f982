"""The text of a value: of the app's, also of a subclass that prints as something else; in errors.

Imported by clients, so it must stay cheap.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import islice

from msgpack import ExtType, Packer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CHARS = 80
_DEPTH = 2


def text_of(value: object) -> str:
    """Return the text of a value: of an enum's member its value, not its name."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return int.__repr__(value)
    if isinstance(value, float):
        return float.__repr__(value)
    return str(value)


def show_value(value: Any) -> str:
    """Return the text of a value for an error; an extension type shows the value it stands for."""
    return f"{_head(value)!r:.80}"


def _head(value: Any, depth: int = 0) -> Any:
    """Return a value without what its text would show far behind its start."""
    if depth > _DEPTH:
        return ...
    if isinstance(value, ExtType):
        from rtd.common.msgpack_values import ext_hook  # lazy: it needs datetime, decimal, uuid

        # An extension type that cannot be decoded shows as it is.
        with suppress(ValueError, TypeError, ArithmeticError):
            value = ext_hook(value.code, value.data)
    if type(value) is list:
        return [_head(item, depth + 1) for item in value[:_CHARS]]
    if type(value) is dict:
        some = islice(value.items(), _CHARS)
        return {name: _head(item, depth + 1) for name, item in some}
    return value[:_CHARS] if type(value) in (str, bytes) else value


def is_utf8(text: str) -> bool:
    """Check whether UTF-8 can encode a text.

    Linux allows any bytes in names and arguments; Python reads those that are no UTF-8 as lone
    surrogates, which neither a record in Redis nor an answer can hold.
    """
    if text.isascii():  # known without a look at the characters
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def escape_text(text: str) -> str:
    """Return a text that UTF-8 can encode: with an escape for each character that it cannot."""
    return text if is_utf8(text) else text.encode(errors="backslashreplace").decode()


def pack_plain(value: Any) -> bytes:
    """Return plain data as MessagePack; texts in it as `escape_text` gives them.

    For what rtd writes into its own records: messages of errors, names of processes. The value of
    a user is packed by `rtd.common.msgpack_values.pack`.
    """
    try:
        blob: bytes = Packer().pack(value)
    except UnicodeEncodeError:
        blob = Packer(unicode_errors="backslashreplace").pack(value)
    return blob
