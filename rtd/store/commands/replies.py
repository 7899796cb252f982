"""Reads the replies of the scripts."""

from collections.abc import Sequence
from typing import Any

from rtd.store.commands.arguments import OrphanRun, PurgeReply, StoredRun, TakeReply


def parse_runs(reply: Sequence[bytes]) -> list[StoredRun]:
    """Read ids and records, in turn."""
    it = iter(reply)
    return [StoredRun(i.decode(), r) for i, r in zip(it, it, strict=True)]


def parse_take(reply: list[Any]) -> TakeReply:
    """Read the reply of `take`."""
    what = reply[0]
    if what in (b"runs", b"rung"):
        return TakeReply("runs", parse_runs(reply[1:]), token_pending=what == b"rung")
    if what == b"idle":
        return TakeReply("idle", [], int(reply[1]) if reply[1] else None)
    return TakeReply(what.decode(), [])


def parse_ids(reply: Sequence[bytes]) -> list[str]:
    """Read a list of ids or names."""
    return [text.decode() for text in reply]


def parse_text(reply: bytes) -> str:
    """Read a text."""
    return reply.decode()


def parse_ms(reply: bytes | None) -> int | None:
    """Read a time in ms, or None."""
    return int(float(reply)) if reply else None


def parse_orphans(reply: Sequence[bytes]) -> list[OrphanRun]:
    """Read ids, places and records, in turn."""
    it = iter(reply)
    return [OrphanRun(i.decode(), p.decode(), r) for i, p, r in zip(it, it, it, strict=True)]


def parse_expired(reply: Sequence[bytes]) -> tuple[int | None, list[StoredRun]]:
    """Read when the next run expires, and the runs that have expired."""
    return parse_ms(reply[0]), parse_runs(reply[1:])


def parse_purge(reply: Sequence[int]) -> PurgeReply:
    """Read the reply of `purge`."""
    ended, skip, last = reply
    return PurgeReply(ended, skip, bool(last))
