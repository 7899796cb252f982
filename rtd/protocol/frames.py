"""MessagePack-RPC frames: https://github.com/msgpack-rpc/msgpack-rpc/blob/master/spec.md

    request       [0, id, method, [params]]      params: one map
    response      [1, id, error, result]         error: [code, sentence, details] or nil
    notification  [2, method, [params]]

Streamed answers are notifications that carry `sub`, the id of the request they belong to;
the response comes last. One with id 0 concerns the whole connection, which its sender closes.
Extension types of `rtd.common.msgpack_values` pass through `rtd.protocol.decoder` as they are
unless it is given a hook, so the daemon builds no values of users. Every `rtctl` imports this: it
stays cheap.
"""

from __future__ import annotations

from msgpack import ExtType, OutOfData, packb, unpackb

from rtd.common.errors import BadRequest, RtdError, UnserialisableError, from_wire
from rtd.common.nesting_depth import MAX_DEPTH, may_hold_views

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

#: Version of the protocol; changed when an old client would misunderstand the daemon.
VERSION = 1
#: The largest frame either side accepts unless it is configured otherwise.
LIMIT_BYTES = 16 << 20
#: Requests with larger frames count as large.
LARGE_BYTES = 8 << 10
_MAX_ID = (1 << 32) - 1

REQUEST, RESPONSE, NOTIFICATION = range(3)


class WireError(BadRequest):
    """The peer sent bytes that are no frame. The connection cannot go on."""


class Request:
    """A request to call a verb.

    Attributes:
        large_bytes: the size of its frame if that is more than 8 KB.
        packed: its whole frame while `params` has not been unpacked.
    """

    __match_args__ = ("msgid", "method", "params")
    __slots__ = ("large_bytes", "packed", *__match_args__)

    def __init__(self, msgid: int, method: str, params: dict[str, Any]) -> None:
        self.msgid = msgid
        self.method = method
        self.params = params
        self.large_bytes = 0
        self.packed: bytes | bytearray | None = None


class Response:
    """The answer to the request of the same id: an error or a result."""

    __match_args__ = ("msgid", "error", "result")
    __slots__ = __match_args__

    def __init__(self, msgid: int, error: RtdError | None, result: Any) -> None:
        self.msgid = msgid
        self.error = error
        self.result = result


class Notification:
    """A part of a streamed answer."""

    __match_args__ = ("method", "params")
    __slots__ = __match_args__

    def __init__(self, method: str, params: dict[str, Any]) -> None:
        self.method = method
        self.params = params


Message = Request | Response | Notification


def dump(value: Any, where: str = "value") -> bytes:
    """Return a storable value as MessagePack. Values beyond JSON's cost only where they occur.

    Raises:
        UnserialisableError: names the path of what cannot be stored, starting with `where`.
    """
    try:
        blob: bytes = packb(value, strict_types=True, unicode_errors="surrogateescape")
    except (TypeError, ValueError, OverflowError, RecursionError):
        from rtd.common.msgpack_values import (
            pack_frame,  # lazy: it needs datetime, decimal, pathlib, uuid
        )

        blob = pack_frame(value, where)
    return blob


def dump_value(value: Any, where: str) -> bytes:
    """Return a user's value as MessagePack. Raises as `dump`, also for a value nested too deep."""
    blob = dump(value, where)
    if len(blob) > MAX_DEPTH or may_hold_views(blob):
        from rtd.common.msgpack_values import examined  # lazy: as in dump

        return examined(value, blob, where)
    return blob


def load(blob: bytes | bytearray, ext_hook: Callable[[int, bytes], Any] = ExtType) -> Any:
    """Return the value of a MessagePack; by default extension types stay as they are.

    Raises:
        WireError: the bytes are not exactly one MessagePack value.
    """
    try:
        return unpackb(
            blob, ext_hook=ext_hook, strict_map_key=False, unicode_errors="surrogateescape"
        )
    # FormatError and StackError are ValueErrors; a map whose key is a list is a TypeError.
    except (ValueError, TypeError, RecursionError, OutOfData) as error:
        raise WireError(f"malformed frame: {str(error) or type(error).__name__}") from None


def value_hook(code: int, data: bytes) -> Any:
    """Return the user's value for an extension type: the hook of clients."""
    from rtd.common.msgpack_values import ext_hook  # lazy: as in dump

    return ext_hook(code, data)


def encode_request(msgid: int, method: str, params: dict[str, Any]) -> bytes:
    """Return the frame of a request.

    Raises:
        UnserialisableError: names the path of what cannot be stored, starting with its parameter.
    """
    message = [REQUEST, msgid, method, [params]]
    try:
        blob = dump(message, method)
        if may_hold_views(blob):
            from rtd.common.msgpack_values import examined  # lazy: as in dump

            return examined(message, blob, method, in_frame=True)
    except UnserialisableError:
        for name, value in params.items():
            dump_value(value, name)  # finds it, too, and says where it is for the caller
        raise
    return blob


def encode_response(msgid: int, result: Any) -> bytes:
    """Return the frame of an answer."""
    return dump([RESPONSE, msgid, None, result], "result")


def encode_error(msgid: int, error: RtdError) -> bytes:
    """Return the frame of an answer that is an error."""
    return dump([RESPONSE, msgid, [error.code, error.sentence, error.details], None], "error")


def encode_notification(method: str, params: dict[str, Any]) -> bytes:
    """Return the frame of a part of a streamed answer."""
    return dump([NOTIFICATION, method, [params]], method)


def parse_frame(frame: Any) -> Message:
    """Return the message of an unpacked frame. Raises WireError unless the shape is exact."""
    if type(frame) is not list or not frame or type(frame[0]) is not int:
        raise WireError("malformed frame: not an array that starts with 0, 1 or 2")
    match frame:
        case [0, int(msgid), str(method), [dict(params)]] if 0 < msgid <= _MAX_ID:
            return Request(msgid, method, _named(params))
        case [0, int(msgid), str(method), []] if 0 < msgid <= _MAX_ID:
            return Request(msgid, method, {})
        case [1, int(msgid), None, result] if 0 <= msgid <= _MAX_ID:
            return Response(msgid, None, result)
        case [1, int(msgid), [str(code), str(sentence), details], None] if 0 <= msgid <= _MAX_ID:
            return Response(msgid, from_wire(code, sentence, details), None)
        case [2, str(method), [dict(params)]]:
            return Notification(method, _named(params))
    raise WireError(
        "malformed frame: neither [0, id, method, [{...}]] nor [1, id, error, result] "
        "nor [2, method, [{...}]]"
    )


def _named(params: dict[Any, Any]) -> dict[str, Any]:
    for name in params:
        if type(name) is not str:
            raise WireError(f"malformed frame: the parameter name {name!r:.60} is not a text")
    return params
