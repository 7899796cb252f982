"""Run ids: ULIDs (https://github.com/ulid/spec), 26 characters of Crockford's base 32.

48 bits of wall-clock milliseconds, then 80 random bits. Clients make the ids, so that a submit
that is sent twice is one run.
"""

import os
import time
from typing import Final

from rtd.common.stdlib.hashes import blake2b

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH: Final = 26
#: From Crockford's digits to those of `int(text, 32)`; all others to one that `int` refuses.
_TO_PYTHON: Final = bytes(
    b"0123456789abcdefghijklmnopqrstuv"[ALPHABET.index(chr(c))] if chr(c) in ALPHABET else 33
    for c in range(256)
)
#: Two characters at a time: 1,024 pairs make encoding three times as fast.
_PAIRS: Final = [a + b for a in ALPHABET for b in ALPHABET]
_MASK64: Final = (1 << 64) - 1


def encode_id(value: int) -> str:
    """Return the 26 characters of a 128-bit number."""
    pairs = _PAIRS
    out = []
    for _ in range(13):
        out.append(pairs[value & 1023])
        value >>= 10
    out.reverse()
    return "".join(out)


def decode_id(text: str) -> int:
    """Return the 128-bit number of a ULID. Raises ValueError for another text."""
    if len(text) != LENGTH or text[0] not in "01234567":
        raise ValueError(f"not a run id: {text!r}")
    try:
        return int(text.encode("ascii").translate(_TO_PYTHON), 32)
    except ValueError:
        raise ValueError(f"not a run id: {text!r}") from None


def is_id(text: str) -> bool:
    """Whether the text is a whole ULID."""
    try:
        decode_id(text)
    except ValueError:
        return False
    return True


def new_id() -> str:
    """Return a new id, with the time of now."""
    stamp = int(time.time() * 1000)
    return encode_id(stamp << 80 | int.from_bytes(os.urandom(10), "big"))


def new_ids(count: int) -> list[str]:
    """Return `count` new ids in ascending order: one random draw, then counted up.

    The random part starts with its top bit clear, so that counting never overflows into
    the time.
    """
    base = int(time.time() * 1000) << 80 | int.from_bytes(os.urandom(10), "big") >> 1
    stride = 1 + int.from_bytes(os.urandom(4), "big")
    head = encode_id(base)[:10]
    pairs = _PAIRS
    ids = []
    low = base & ((1 << 80) - 1)
    for _ in range(count):
        a, b = low >> 40 & 0xFFFFFFFFFF, low & 0xFFFFFFFFFF
        ids.append(
            f"{head}{pairs[a >> 30]}{pairs[a >> 20 & 1023]}{pairs[a >> 10 & 1023]}"
            f"{pairs[a & 1023]}{pairs[b >> 30]}{pairs[b >> 20 & 1023]}"
            f"{pairs[b >> 10 & 1023]}{pairs[b & 1023]}"
        )
        low += stride
    return ids


def id_for_key(key: str) -> str:
    """Return the id for a user's own unique key: the same key always gives the same run.

    A whole ULID is its own id; the id of any other key is its hash (blake2b, 128 bits).
    """
    if is_id(key):
        return key
    return encode_id(int.from_bytes(blake2b(key.encode(), digest_size=16).digest(), "big"))


def time_of(run_id: str) -> float:
    """Return when the id was made, in epoch seconds (meaningless for ids made from keys)."""
    return (decode_id(run_id) >> 80) / 1000


def to_words(run_id: str) -> tuple[int, int]:
    """Return the (high, low) 64-bit words of an id, as the board holds them."""
    number = decode_id(run_id)
    return number >> 64, number & _MASK64


def from_words(high: int, low: int) -> str:
    """The inverse of `to_words`."""
    return encode_id(high << 64 | low)
