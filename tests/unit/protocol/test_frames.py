"""Frames: what is one, what is none, and that nothing beyond the limit is kept."""

from datetime import date
from typing import Any

import msgpack
import pytest

from rtd.common.errors import FrameTooLarge, NoSuchRun, UnserialisableError
from rtd.protocol import frames
from rtd.protocol.decoder import Decoder
from rtd.protocol.frames import Notification, Request, Response, WireError


def one(data: bytes, limit: int = 4096) -> Any:
    messages = list(Decoder(limit, frames.value_hook).feed(data))
    assert len(messages) == 1
    return messages[0]


def feed_in_pieces(decoder: Decoder, data: bytes, size: int) -> int:
    """Return how many bytes were fed before the frame was refused as too large."""
    for offset in range(0, len(data), size):
        try:
            list(decoder.feed(data[offset : offset + size]))
        except FrameTooLarge:
            return offset + size
    pytest.fail("the frame was accepted")


def test_a_request_comes_out_as_it_went_in() -> None:
    got = one(
        frames.encode_request(7, "submit", {"task": "report", "params": {"day": date(2026, 1, 31)}})
    )
    assert isinstance(got, Request)
    assert (got.msgid, got.method) == (7, "submit")
    assert got.params == {"task": "report", "params": {"day": date(2026, 1, 31)}}


def test_an_answer_and_an_error_come_out_as_they_went_in() -> None:
    answer = one(frames.encode_response(3, {"runs": [1, (2, 3)]}))
    assert isinstance(answer, Response)
    assert answer.error is None
    assert answer.result == {"runs": [1, (2, 3)]}
    error = one(frames.encode_error(3, NoSuchRun("there is no run 'X'", {"run": "X"})))
    assert isinstance(error.error, NoSuchRun)
    assert (error.error.sentence, error.error.details) == ("there is no run 'X'", {"run": "X"})


def test_an_error_code_of_a_newer_daemon_is_still_an_error() -> None:
    got = one(frames.dump([1, 3, ["new_code", "something new", None], None]))
    assert got.error.sentence == "something new"


def test_a_notification_comes_out_as_it_went_in() -> None:
    got = one(frames.encode_notification("log", {"sub": 4, "data": b"\xff\x00"}))
    assert isinstance(got, Notification)
    assert got.params == {"sub": 4, "data": b"\xff\x00"}


def test_parameters_may_be_left_out() -> None:
    assert one(msgpack.packb([0, 1, "ping", []])).params == {}


def test_frames_may_come_byte_by_byte_or_many_at_once() -> None:
    stream = b"".join(frames.encode_request(n, "ping", {"n": "x" * n}) for n in range(1, 60))
    decoder = Decoder(4096)
    slow = [m.msgid for byte in stream for m in decoder.feed(bytes([byte]))]
    fast = [m.msgid for m in Decoder(4096).feed(memoryview(stream))]
    assert slow == fast == list(range(1, 60))
    assert decoder.pending_bytes == 0


def test_a_frame_of_exactly_the_limit_is_accepted_and_one_byte_more_is_not() -> None:
    base = len(frames.encode_request(1, "ping", {"n": "x" * 300}))
    limit = base + 200
    assert one(frames.encode_request(1, "ping", {"n": "x" * 500}), limit).msgid == 1
    with pytest.raises(FrameTooLarge, match=str(limit)):
        one(frames.encode_request(1, "ping", {"n": "x" * 501}), limit)


def test_a_frame_beyond_the_limit_is_refused_before_it_is_complete() -> None:
    decoder = Decoder(1 << 20)
    head = frames.encode_request(1, "ping", {"n": b"x" * (8 << 20)})
    taken = feed_in_pieces(decoder, head, 4096)
    assert taken <= (1 << 20) + 4096
    assert decoder.pending_bytes <= (1 << 20) + 4096


def test_many_small_values_do_not_slip_under_the_limit() -> None:
    claims = (b"\xdd\x00\xff\xff\xff" + b"\x00" * 1000) * 10
    assert feed_in_pieces(Decoder(4096), claims, 1005) <= 4096 + 1005


def test_good_frames_before_a_bad_one_are_given_first() -> None:
    coming = Decoder(4096).feed(frames.encode_request(1, "ping", {}) + b"\xc1")
    assert isinstance(next(coming), Request)
    with pytest.raises(WireError):
        next(coming)


@pytest.mark.parametrize(
    "data",
    [
        b"\xc1",
        b"\x05",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x91" * 3000,
        msgpack.packb([]),
        msgpack.packb({"a": 1}),
        msgpack.packb([0, 1, "ping"]),
        msgpack.packb([0, 0, "ping", [{}]]),
        msgpack.packb([0, -1, "ping", [{}]]),
        msgpack.packb([0, 1 << 40, "ping", [{}]]),
        msgpack.packb([0, "1", "ping", [{}]]),
        msgpack.packb([0, 1, 2, [{}]]),
        msgpack.packb([0, 1, "ping", {}]),
        msgpack.packb([0, 1, "ping", [{}, {}]]),
        msgpack.packb([0, 1, "ping", [{1: 2}]]),
        msgpack.packb([0, 1, "ping", [{}], 9]),
        msgpack.packb([1, 1, "text", None]),
        msgpack.packb([1, 1, ["internal"], None]),
        msgpack.packb([2, "log", {}]),
        msgpack.packb([3, 1, "ping", [{}]]),
        msgpack.packb([False, 1, "ping", [{}]]),
        b"\x82\x90\x01\x90\x02",
    ],
)
def test_bytes_that_are_no_frame_are_one_clear_error(data: bytes) -> None:
    with pytest.raises(WireError, match="malformed frame") as caught:
        list(Decoder(4096).feed(data))
    assert "\n" not in caught.value.sentence


def test_extension_types_pass_through_without_being_built() -> None:
    blob = frames.dump({"day": date(2026, 1, 31), "pair": (1, 2)})
    untouched = frames.load(blob)
    assert {type(v) for v in untouched.values()} == {msgpack.ExtType}
    assert frames.dump(untouched) == blob
    assert frames.load(blob, frames.value_hook) == {"day": date(2026, 1, 31), "pair": (1, 2)}


def test_undecodable_file_names_survive() -> None:
    name = "caf\udce9.txt"
    assert one(frames.encode_request(1, "x", {"name": name})).params == {"name": name}


def test_a_value_that_cannot_be_sent_is_named_by_its_path() -> None:
    with pytest.raises(UnserialisableError, match=r"params\.items\[1\]"):
        frames.dump({"items": [1, object()]}, "params")
