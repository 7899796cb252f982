"""What the transitions take and what they give, as records.

Times are UTC in milliseconds (`_ms`), as Redis compares them.
"""

from typing import Literal, NamedTuple


class Submission(NamedTuple):
    """A run to submit. `item` is `keys.item(...)`; a due or expiry time of 0 means none."""

    id: str
    record: bytes
    item: str
    due_ms: int = 0
    expires_ms: int = 0


class LeaseOutcome(NamedTuple):
    """What became of a leased run.

    `kind`: `d` done (terminal: the record stays until `forget`), `a` again (queued
    once more, due at `due_ms`, 0 = now), `h` back to the head of its list, as if not taken.
    """

    id: str
    task: str
    kind: Literal["d", "a", "h"]
    record: bytes
    due_ms: int = 0


class Cancellation(NamedTuple):
    """A waiting run to cancel: where it waits (`place`, `item`: those of its submit), the
    record as it was read, and the terminal one to put in its place.
    """

    id: str
    place: str
    item: str
    task: str
    old: bytes
    new: bytes


class StoredRun(NamedTuple):
    """A run that an executor holds."""

    id: str
    record: bytes


class OrphanRun(NamedTuple):
    """A run whose executor was fenced. `place_item` is where it waited: `lane|queue|prio|item`."""

    id: str
    place_item: str
    record: bytes


class TakeReply(NamedTuple):
    """The answer to `take`.

    `what` is `runs`: carry out `runs` (an empty list means: ask again at once);
    `idle`: nothing to do and registered as idle, wait on the bell (`next_due_ms`: when the
    next delayed run is due, None if there is none); `retire`: leave; `fenced`: this
    incarnation has been declared dead, exit without another word.

    `rung` is for those who wait on their bell through another connection: when the answer
    before was `idle` and no token has come since, one is on its way there now. It may be a
    run: read it before carrying out `runs`, which may take long.
    """

    what: Literal["runs", "idle", "retire", "fenced"]
    runs: list[StoredRun]
    next_due_ms: int | None = None
    token_pending: bool = False


class PurgeReply(NamedTuple):
    """The answer to `purge`. `ended`: how many runs; `skip`: for the next call; `last`: all of
    the delayed runs have been looked at.
    """

    ended: int
    skip: int
    last: bool


def parse_token(token: bytes) -> StoredRun | None:
    """What an executor found on its bell: a run handed to it, or None: it was only woken."""
    return StoredRun(token[:26].decode(), token[26:]) if len(token) > 26 else None
