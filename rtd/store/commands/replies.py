"""Reads what the scripts answer."""

from collections.abc import Sequence
from typing import Any

from rtd.store.commands.arguments import Leased, Orphan, Purged, Took


def pairs(reply: Sequence[bytes]) -> list[Leased]:
    """Id and record, in turn."""
    it = iter(reply)
    return [Leased(i.decode(), r) for i, r in zip(it, it, strict=True)]


def took(reply: list[Any]) -> Took:
    """What `take` answers."""
    what = reply[0]
    if what in (b"runs", b"rung"):
        return Took("runs", pairs(reply[1:]), rung=what == b"rung")
    if what == b"idle":
        return Took("idle", [], int(reply[1]) if reply[1] else None)
    return Took(what.decode(), [])


def texts(reply: Sequence[bytes]) -> list[str]:
    """A list of ids."""
    return [text.decode() for text in reply]


def text(reply: bytes) -> str:
    """One word."""
    return reply.decode()


def ms(reply: bytes | None) -> int | None:
    """A moment, or None."""
    return int(float(reply)) if reply else None


def orphans(reply: Sequence[bytes]) -> list[Orphan]:
    """Id, place and record, in turn."""
    it = iter(reply)
    return [Orphan(i.decode(), p.decode(), r) for i, p, r in zip(it, it, it, strict=True)]


def expired(reply: Sequence[bytes]) -> tuple[int | None, list[Leased]]:
    """When the next one expires, and those that are due."""
    return ms(reply[0]), pairs(reply[1:])


def purged(reply: Sequence[int]) -> Purged:
    """What `purge` answers."""
    ended, skip, last = reply
    return Purged(ended, skip, bool(last))
