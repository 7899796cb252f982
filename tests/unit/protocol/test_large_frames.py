"""The values of a frame are counted exactly, and no further than to the limit."""

import random
from typing import Any

import msgpack
import pytest

from rtd.common.errors import FrameTooLarge
from rtd.protocol import frames, large_frames
from rtd.protocol.large_frames import MAX_VALUES, check_values, load_checked


def count(value: Any) -> int:
    """How many values there are, a long text or byte string as three."""
    if isinstance(value, dict):
        return 1 + sum(count(k) + count(v) for k, v in value.items())
    if isinstance(value, list):
        return 1 + sum(map(count, value))
    is_long = isinstance(value, bytes) or (isinstance(value, str) and len(value.encode()) > 31)
    return 3 if is_long else 1


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
    (request,) = frames.Decoder(load_large=load_checked).feed(frame)
    assert isinstance(request, frames.Request)
    assert request.params["params"]["numbers"] == numbers


def test_a_client_takes_answers_of_any_number_of_values() -> None:
    frame = frames.encode_response(1, [[]] * (2 * MAX_VALUES))
    (answer,) = frames.Decoder().feed(frame)
    assert isinstance(answer, frames.Response)
