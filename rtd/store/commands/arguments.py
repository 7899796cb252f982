"""The records that the commands on runs take and give.

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
    """How a leased run ended for its executor.

    `kind`: `d` done (terminal: the record stays until `forget`), `a` again (queued
    once more, due at `due_ms`, 0 = now), `h` back to the head of its list, as if not taken. With a
    `t` behind it the app's middleware must hear of the attempt.
    """

    id: str
    task: str
    kind: Literal["d", "a", "h", "dt", "at"]
    record: bytes
    due_ms: int = 0


class Cancellation(NamedTuple):
    """A waiting run to cancel.

    `place` and `item` are those of its submit; `old` is the record as it was read, `new` the
    terminal one that replaces it; `tell` is `t` if the app's middleware must hear of it.
    """

    id: str
    place: str
    item: str
    task: str
    old: bytes
    new: bytes
    tell: Literal["", "t"] = ""


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
    """The reply to `take`.

    `what` is `runs`: carry out `runs` (an empty list means: take again at once);
    `idle`: nothing to do and registered as idle, wait on the bell (`next_due_ms`: when the
    next delayed run is due, None if there is none); `retire`: leave; `fenced`: this
    incarnation has been declared dead, exit without another command.

    `token_pending` is for an executor that waits on its bell through another connection: if the
    reply before was `idle` and no token has come since, one is on its way there now. It may be a
    run: read it before carrying out `runs`, which may take long.
    """

    what: Literal["runs", "idle", "retire", "fenced"]
    runs: list[StoredRun]
    next_due_ms: int | None = None
    token_pending: bool = False


class PurgeReply(NamedTuple):
    """The reply to `purge`. `ended`: how many runs; `skip`: for the next command; `last`: the
    purge has seen all of the delayed runs.
    """

    ended: int
    skip: int
    last: bool


def parse_token(token: bytes) -> StoredRun | None:
    """Read a token from an executor's bell: a run handed to it, or None for a mere wake-up."""
    return StoredRun(token[:26].decode(), token[26:]) if len(token) > 26 else None
