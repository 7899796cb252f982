"""Records of runs as another program, or a later version of rtd, may leave them in Redis."""

from collections.abc import Callable
from typing import Any

import msgpack

from rtd.model.run_record import RECORD_SCHEMA


def _parts(blob: bytes) -> tuple[bytes, list[Any], list[Any]]:
    """The state, the fields of the spec and the other parts of a stored record."""
    spec, *rest = msgpack.unpackb(blob[1:], strict_map_key=False)
    return blob[:1], msgpack.unpackb(spec, strict_map_key=False), rest


def _with(change: Callable[[list[Any], list[Any]], None]) -> Callable[[bytes], bytes]:
    """Return what gives a record with changed fields of the spec, or other parts."""

    def changed(blob: bytes) -> bytes:
        state, spec, rest = _parts(blob)
        change(spec, rest)
        return state + bytes(msgpack.packb([msgpack.packb(spec), *rest]))

    return changed


def _with_rest(place: int, value: Any) -> Callable[[bytes], bytes]:
    return _with(lambda _spec, rest: rest.__setitem__(place, value))


def _with_field(place: int, value: Any) -> Callable[[bytes], bytes]:
    return _with(lambda spec, _rest: spec.__setitem__(place, value))


#: The same for records that can be read, but for the values in them.
VALUE_CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "its params": _with_field(3, b"\xc1"),
    "its params, a list": _with_field(3, b"\x91\x01"),
    "its result": _with_rest(1, [1.0, b"\xc1"]),
}
#: From the good record to one that cannot be read, by what is wrong with it.
CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "words": lambda _: b"garbage",
    "words that begin as a success does": lambda _: b"some garbage",
    "words that begin as a queued run does": lambda _: b"quite some garbage",
    "words that begin as a running one does": lambda _: b"rather much garbage",
    "nothing": lambda _: b"",
    "a state alone": lambda blob: blob[:1],
    "the first half": lambda blob: blob[: len(blob) // 2],
    "a byte too many": lambda blob: blob + b"\0",
    "lists in lists": lambda blob: blob[:1] + b"\x91" * 100_000,
    "two parts": lambda blob: blob[:1] + b"\x92\xc0\xc0",
    "attempts: 5": _with_rest(0, 5),
    "attempts: a short one": _with_rest(0, [[1]]),
    "attempts: one in no state": _with_rest(0, [[1, 1.0, 2.0, "?", "E"]]),
    "attempts: texts for times": _with_rest(0, [[1, "a", "b", "x", "E"]]),
    "the end: 5": _with_rest(1, 5),
    "the end: no fields": _with_rest(1, []),
    "the end: a text for a time": _with_rest(1, ["now"]),
    "schema": _with_field(0, RECORD_SCHEMA + 1),
    "schema: a text": _with_field(0, "\x1b[31m"),
    "id": _with_field(1, "0" * 26),
    "id: 5": _with_field(1, 5),
    "task: 5": _with_field(2, 5),
    "params: a text": _with_field(3, "none"),
    "lane: empty": _with_field(4, ""),
    "queue: a bar": _with_field(5, "a|b"),
    "submitted_at: a text": _with_field(7, "now"),
    "submitted_at: nan": _with_field(7, float("nan")),
    "opts: 5": _with_field(8, 5),
    "opts: a text for a number": _with_field(8, {"retries": "two"}),
    "opts: a text for a time": _with_field(8, {"timeout_s": "soon"}),
}
