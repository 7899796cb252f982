"""Every change of a run as one call: what the scripts in `lua/` do, seen from Python.

Each method builds one `Call`; a link sends it. One call is one atomic step in Redis: it
happens whole or not at all, also when Redis or the caller dies in the middle.

Times are UTC in milliseconds (`_ms`), as Redis compares them.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from rtd.store import keys
from rtd.store.call import Call, check_batch


class Submission(NamedTuple):
    """A run to submit. `item` is `keys.item(...)`; a due or expiry time of 0 means none."""

    id: str
    record: bytes
    item: str
    due_ms: int = 0
    expires_ms: int = 0


class Outcome(NamedTuple):
    """What became of a leased run.

    `kind`: `d` done (terminal: the record stays until `forget`), `a` again (queued
    once more, due at `due_ms`, 0 = now), `h` back to the head of its list, as if not taken.
    """

    id: str
    task: str
    kind: Literal["d", "a", "h"]
    record: bytes
    due_ms: int = 0


class Withdrawal(NamedTuple):
    """A waiting run to cancel: where it waits (`place`, `item`: those of its submit), the
    record as it was read, and the terminal one to put in its place.
    """

    id: str
    place: str
    item: str
    task: str
    old: bytes
    new: bytes


class Leased(NamedTuple):
    """A run that an executor holds."""

    id: str
    record: bytes


class Orphan(NamedTuple):
    """A run whose executor was fenced. `place_item` is where it waited: `lane|queue|prio|item`."""

    id: str
    place_item: str
    record: bytes


class Took(NamedTuple):
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
    runs: list[Leased]
    next_due_ms: int | None = None
    rung: bool = False


def _pairs(reply: Sequence[bytes]) -> list[Leased]:
    it = iter(reply)
    return [Leased(i.decode(), r) for i, r in zip(it, it, strict=True)]


def _took(reply: list[Any]) -> Took:
    what = reply[0]
    if what in (b"runs", b"rung"):
        return Took("runs", _pairs(reply[1:]), rung=what == b"rung")
    if what == b"idle":
        return Took("idle", [], int(reply[1]) if reply[1] else None)
    return Took(what.decode(), [])


def _texts(reply: Sequence[bytes]) -> list[str]:
    return [text.decode() for text in reply]


def _text(reply: bytes) -> str:
    return reply.decode()


def _ms(reply: bytes | None) -> int | None:
    return int(float(reply)) if reply else None


def _orphans(reply: Sequence[bytes]) -> list[Orphan]:
    it = iter(reply)
    return [Orphan(i.decode(), p.decode(), r) for i, p, r in zip(it, it, it, strict=True)]


def _expired(reply: Sequence[bytes]) -> tuple[int | None, list[Leased]]:
    return _ms(reply[0]), _pairs(reply[1:])


def _flat(outcomes: Sequence[Outcome]) -> list[Any]:
    check_batch(len(outcomes))
    return [field for outcome in outcomes for field in outcome]


def parse_token(token: bytes) -> Leased | None:
    """What an executor found on its bell: a run handed to it, or None: it was only woken."""
    return Leased(token[:26].decode(), token[26:]) if len(token) > 26 else None


class Transitions:
    """Builds the calls that change runs.

    Args:
        namespace: the name of this rtd; keys of different namespaces never meet.
    """

    def __init__(self, namespace: str) -> None:
        self.prefix = keys.prefix(namespace)

    def _script(self, script: str, *args: Any, parse: Any) -> Call:
        return Call(("1", self.prefix, *args), parse, script)

    def submit(
        self, node: str, place: str, task: str, now_ms: int, runs: Sequence[Submission]
    ) -> Call:
        """Queues runs of one task in one place. Gives one flag per run: 1 created, 0 existed.

        An id that exists already is left as it is, whatever its state: to send a submit again
        after a lost reply is safe. A run that is due now goes straight to an idle executor
        when nothing waits before it.
        """
        check_batch(len(runs))
        count = len(runs)
        if all(len(r.item) == 26 and not r.due_ms and not r.expires_ms for r in runs):
            flat: list[Any] = [field for r in runs for field in (r.id, r.record)]
            stride = 2
        else:
            flat = [field for r in runs for field in r]
            stride = 5

        def flags(reply: int | list[int]) -> list[int]:
            return [1] * count if isinstance(reply, int) else reply

        return self._script("submit", node, place, task, now_ms, stride, *flat, parse=flags)

    def take(
        self, node: str, exec_id: str, lane: str, n: int, now_ms: int, *, enroll: bool = False
    ) -> Call:
        """Leases up to `n` runs to an executor: `Took`.

        Order: by score of the place (queue priority, then run priority), first in first out
        within; hand-offs that wait on the bell come before all and may exceed `n`.
        `enroll` registers the executor first; an executor that was fenced stays refused.
        """
        check_batch(n)
        flag = 1 if enroll else 0
        return self._script("take", node, exec_id, lane, n, now_ms, flag, parse=_took)

    def finish(
        self,
        node: str,
        exec_id: str,
        now_ms: int,
        events: bytes,
        history: int,
        outcomes: Sequence[Outcome],
    ) -> Call:
        """Writes outcomes of leased runs. Gives the refused ids: [] = all written.

        When any id is not leased to this executor (fenced meanwhile, or written by an
        earlier call whose reply was lost) nothing at all is done: drop those and call again.
        `history` is how many finished runs of each task are kept. `events` is one packed
        list for the event stream, or b"".
        """
        flat = _flat(outcomes)
        return self._script("finish", node, exec_id, now_ms, events, history, *flat, parse=_texts)

    def settle(
        self,
        node: str,
        exec_id: str,
        now_ms: int,
        events: bytes,
        history: int,
        outcomes: Sequence[Outcome],
    ) -> Call:
        """Like `finish`, for the runs of an executor that has been fenced."""
        flat = _flat(outcomes)
        return self._script("settle", node, exec_id, now_ms, events, history, *flat, parse=_texts)

    def giveback(self, node: str, exec_id: str, ids: Sequence[str]) -> Call:
        """Returns leases that were not started to the head of their lists, in this order.

        Gives the ids that were not this executor's; the others are back.
        """
        check_batch(len(ids))
        return self._script("giveback", node, exec_id, *ids, parse=_texts)

    def mine(self, exec_id: str) -> Call:
        """All runs leased to an executor: `Leased`. To find out what a lost reply gave."""
        return self._script("mine", exec_id, parse=_pairs)

    def retire(self, exec_id: str) -> Call:
        """Lets an executor's next `take` say `retire`, and wakes it if it is idle."""
        return self._script("retire", exec_id, parse=int)

    def fence(self, node: str, exec_id: str) -> Call:
        """Declares an executor dead and gives its leases: `Orphan`.

        From here on its `take` and `finish` are refused, however late they arrive (a late
        first `take` too, for five minutes). To call it again gives what is not settled yet.
        """
        return self._script("fence", node, exec_id, parse=_orphans)

    def cancel(self, node: str, now_ms: int, events: bytes, history: int, run: Withdrawal) -> Call:
        """Ends a run that waits, wherever it waits, if its record is still `run.old`.

        Gives `ok`, `leased` (an executor has it), `changed` or `missing`.
        """
        return self._script("cancel", node, now_ms, events, history, *run, parse=_text)

    def promote(self, node: str, now_ms: int) -> Call:
        """Queues delayed runs that are due. Gives when the next one is due in ms, or None."""
        return self._script("promote", node, now_ms, parse=_ms)

    def expire(self, now_ms: int, limit: int = 100) -> Call:
        """(when the next one expires in ms or None, due ones that are not over: `Leased`).

        Writes nothing: `cancel` each of them. One that answers `leased` has started.
        """
        return self._script("expire", now_ms, limit, parse=_expired)

    def forget_expiry(self, ids: Iterable[str]) -> Call:
        """These runs do not expire any more: they have started."""
        return Call(("ZREM", self.prefix + "expiring", *ids), int)

    def forget(self, node: str, task: str, count: int, last_id: str) -> Call:
        """Forgets the `count` oldest finished runs of a task, the newest of which is `last_id`.

        Gives how many records went; 0 when the list has changed since it was read.
        """
        return self._script("forget", node, task, count, last_id, parse=int)

    def pause(self, node: str, queue: str) -> Call:
        """Takes a queue's runs out of sight of `take`. Gives 1, or 0 if it was paused."""
        return self._script("pause", node, queue, parse=int)

    def resume(self, node: str, queue: str) -> Call:
        """Undoes `pause`. Gives 1, or 0 if the queue was not paused."""
        return self._script("resume", node, queue, parse=int)

    def set_queue_priority(self, queue: str, priority: int) -> Call:
        """Sets a queue's priority (higher first), for what waits in it too."""
        return self._script("queue_priority", queue, priority, parse=int)

    def set_intent(self, run_id: str, blob: bytes) -> Call:
        """Notes a stop that somebody asked for. Gives whether the run is still going on."""
        return self._script("intend", run_id, blob, parse=bool)

    def set_progress(self, exec_id: str, run_id: str, blob: bytes) -> Call:
        """Notes how far a leased run is. Gives whether it is leased to this executor."""
        return self._script("progress", exec_id, run_id, blob, parse=bool)

    def emit(self, events: bytes) -> Call:
        """Adds one packed list of events to the stream."""
        args = ("XADD", self.prefix + "events", "MAXLEN", "~", 10000, "*", "b", events)
        return Call(args, _text)

    def wait_for(self, ids: Iterable[str]) -> Call:
        """Lets each of these runs ring `done|<id>` when it ends. Ask, then read the record."""
        return Call(("SADD", self.prefix + "waits", *ids), int)

    def stop_waiting(self, ids: Iterable[str]) -> Call:
        """Takes back `wait_for`."""
        return Call(("SREM", self.prefix + "waits", *ids), int)

    def watch_tasks(self, tasks: Iterable[str]) -> Call:
        """Lets each end of a run of these tasks ring `task|<task>|<state char>|<id>|<ms>`."""
        return Call(("SADD", self.prefix + "watched", *tasks), int)

    def clear_demand(self, lane: str) -> Call:
        """Forgets that a lane was rung for: the next submit that finds nobody idle rings again."""
        return Call(("SREM", self.prefix + "demand", lane), int)
