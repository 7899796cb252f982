"""The values of a frame are counted exactly, and no further than to the limit."""

import random
from typing import Any

import msgpack
import pytest

from rtd.common.errors import FrameTooLarge
from rtd.protocol import frames, large_frames
from rtd.protocol.decoder import Decoder
from rtd.protocol.large_frames import (
    MAX_VALUES,
    count_values,
    read_head,
    unpack_request,
)


def count(value: Any) -> int:
    """How many values there are, a long text or byte string as three."""
    if isinstance(value, dict):
        return 1 + sum(count(k) + count(v) for k, v in value.items())
    if isinstance(value, list):
        return 1 + sum(map(count, value))
    is_long = isinstance(value, bytes) or (isinstance(value, str) and len(value.encode()) > 31)
    return 3 if is_long else 1


def check_values(frame: bytes) -> int:
    """Count the values of a frame; returns in how many steps."""
    return sum(1 for _ in count_values(frame))


def anything(luck: random.Random, depth: int = 0) -> Any:
    """A value of any kind that a frame may hold."""
    kind = luck.randrange(9 if depth < 4 else 7)
    if kind == 7:
        return [anything(luck, depth + 1) for _ in range(luck.randrange(20))]
    if kind == 8:
        return {str(n): anything(luck, depth + 1) for n in range(luck.randrange(20))}
    plain = (None, luck.randrange(-(2**40), 2**60), luck.random(), "x" * luck.randrange(40),
             "y" * luck.randrange(70_000), luck.randbytes(luck.randrange(300)), True)  # fmt: skip
    return plain[kind]


@pytest.mark.parametrize("seed", range(40))
def test_values_are_counted_exactly(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    value = anything(random.Random(seed))
    blob = msgpack.packb(value)
    monkeypatch.setattr(large_frames, "MAX_VALUES", count(value))
    check_values(blob)
    monkeypatch.setattr(large_frames, "MAX_VALUES", count(value) - 1)
    with pytest.raises(FrameTooLarge):
        check_values(blob)


@pytest.mark.parametrize("size", [0, 1, 4, 16, 300, 70_000])
def test_extension_types_are_passed_over(size: int) -> None:
    kind = msgpack.ExtType(5, bytes(size))
    check_values(msgpack.packb([kind] * 10 + [[]] * 100))
    with pytest.raises(FrameTooLarge):
        check_values(msgpack.packb([kind] * 10 + [[]] * MAX_VALUES))


def test_the_list_of_numbers_that_fits_the_limit_of_parameters_is_taken() -> None:
    numbers = [n + 0.5 for n in range(116_000)]
    frame = frames.encode_request(1, "submit", {"task": "t", "params": {"numbers": numbers}})
    (request,) = Decoder(read_later=read_head).feed(frame)
    assert isinstance(request, frames.Request)
    assert (request.method, request.params, request.large_bytes) == ("submit", {}, len(frame))
    assert list(unpack_request(request)) == []  # numbers are counted in one step
    assert request.params["params"]["numbers"] == numbers
    assert request.packed is None


@pytest.mark.parametrize(
    "value", [[1, "word"] * 50_000, ["x" * 40] * 39_000, ["x" * n for n in range(30)] * 3000]
)
def test_values_are_counted_in_short_steps(value: list[object]) -> None:
    assert check_values(msgpack.packb(value)) >= len(value) // (large_frames.STEP + 1)


def test_a_large_frame_that_is_no_request_is_malformed() -> None:
    long = "x" * 100_000
    for frame in (
        [1, 2, None, long],
        [True, 1, "ping", [long]],
        [0, 1, 2, [long]],
        [long],
        {1: long},
        [0, 1, long, []],
        [0, 1, "ping", [{}], long],
    ):
        with pytest.raises(frames.WireError):
            list(Decoder(read_later=read_head).feed(msgpack.packb(frame)))
    (request,) = Decoder(read_later=read_head).feed(msgpack.packb([0, 1, "ping", [[long]]]))
    assert isinstance(request, frames.Request)
    with pytest.raises(frames.WireError):
        list(unpack_request(request))


def test_small_frames_around_large_ones_come_in_order() -> None:
    sizes = [1, 100_000, 5, 70_000, 200_000, 9, 9000]
    stream = b"".join(
        frames.encode_request(n, "submit", {"text": "x" * size}) for n, size in enumerate(sizes, 1)
    )
    for step in (7, 4096, 65_536, len(stream)):
        decoder, found = Decoder(read_later=read_head), []
        for start in range(0, len(stream), step):
            found += decoder.feed(stream[start : start + step])
        for request in found:
            assert isinstance(request, frames.Request)
            if request.packed is not None:
                list(unpack_request(request))
        assert [(r.msgid, len(r.params["text"])) for r in found] == list(enumerate(sizes, 1))
        assert decoder.pending_bytes == 0


def test_a_client_takes_answers_of_any_number_of_values() -> None:
    frame = frames.encode_response(1, [[]] * (2 * MAX_VALUES))
    (answer,) = Decoder().feed(frame)
    assert isinstance(answer, frames.Response)
