"""Commands that only read, each as consistent as one moment in Redis."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

from rtd.store.commands.arguments import StoredRun
from rtd.store.connection.command import RedisCommand


class WaitingRun(NamedTuple):
    """A run that waits. `where` is `queue`, `delayed` or `held` (its task is at its limit)."""

    id: str
    where: Literal["queue", "delayed", "held"]
    place_item: str
    record: bytes


class RunLease(NamedTuple):
    """A run that an executor holds (started, or taken ahead of its turn)."""

    exec: str
    id: str
    record: bytes


class QueueState(NamedTuple):
    """One queue. `held` counts those that wait for a place under their task's limit."""

    queue: str
    priority: int
    paused: bool
    queued: int
    delayed: int
    held: int


class LaneLoad(NamedTuple):
    """How busy a lane is: runs that could start, executors that take, those of them idle."""

    queued: int
    execs: int
    idle: int


class EnrolledExecutor(NamedTuple):
    """An enrolled executor. `active` is False once it must retire."""

    exec: str
    lane: str
    node: str
    active: bool


def groups(reply: Sequence[Any], size: int) -> Iterator[tuple[Any, ...]]:
    """Return the values of a flat reply in groups of this size."""
    it = iter(reply)
    return zip(*[it] * size, strict=True)


def _text(reply: bytes | None) -> str:
    return (reply or b"").decode()


def _waiting(reply: Sequence[bytes]) -> list[WaitingRun]:
    return [WaitingRun(i.decode(), w.decode(), p.decode(), r) for i, w, p, r in groups(reply, 4)]


def _running(reply: Sequence[bytes]) -> list[RunLease]:
    return [RunLease(e.decode(), i.decode(), r) for e, i, r in groups(reply, 3)]


def _done(reply: Sequence[bytes]) -> list[StoredRun]:
    return [StoredRun(i.decode(), r) for i, r in groups(reply, 2)]


def _queues(reply: Sequence[Any]) -> list[QueueState]:
    rows = [
        QueueState(q.decode(), int(prio), bool(paused), queued, delayed, held)
        for q, prio, paused, queued, delayed, held in groups(reply, 6)
    ]
    return sorted(rows, key=lambda row: (-row.priority, row.queue))


def _counts(reply: Sequence[bytes]) -> dict[str, int]:
    return {key.decode(): int(value) for key, value in groups(reply, 2)}


def _blobs(reply: Sequence[bytes]) -> dict[str, bytes]:
    return {key.decode(): value for key, value in groups(reply, 2)}


def _execs(reply: Sequence[bytes]) -> list[EnrolledExecutor]:
    rows = []
    for key, value in groups(reply, 2):
        lane, _, node = value[1:].decode().partition("|")
        rows.append(EnrolledExecutor(key.decode(), lane, node, value[:1] == b"a"))
    return rows


def _names(reply: Sequence[bytes]) -> list[str]:
    return sorted(name.decode() for name in reply)


class ReadCommands:
    """Builds the commands that only read. Mixed into `StoreCommands`."""

    prefix: str

    def get_record(self, run_id: str) -> RedisCommand:
        """Read the record of a run, or None."""
        return RedisCommand(("GET", f"{self.prefix}r:{run_id}"))

    def get_records(self, ids: Sequence[str]) -> RedisCommand:
        """Read the records of some runs in their order, None for each that is not there."""
        return RedisCommand(("MGET", *[f"{self.prefix}r:{i}" for i in ids]))

    def list_queued(self, limit: int, queue: str = "") -> RedisCommand:
        """Read runs that wait: `WaitingRun`, in the order of `take`; then held and delayed ones."""
        return RedisCommand(("1", self.prefix, limit, queue), _waiting, "waiting")

    def list_running(self) -> RedisCommand:
        """Read all leases of all executors: `RunLease`, those of fenced ones included."""
        return RedisCommand(("1", self.prefix), _running, "running")

    def list_done(
        self, limit: int, *, task: str | None = None, bad: bool = False, offset: int = 0
    ) -> RedisCommand:
        """Read finished runs, newest first: of one task, or of all, or `bad`: all but succeeded."""
        name = "bad" if bad else "done" if task is None else f"done:{task}"
        return RedisCommand(("1", self.prefix, name, offset, limit), _done, "done")

    def oldest_done(self, task: str, limit: int) -> RedisCommand:
        """Read the oldest finished runs of a task, the oldest last."""
        return RedisCommand(("1", self.prefix, f"done:{task}", -limit, limit), _done, "done")

    def tasks_done(self) -> RedisCommand:
        """Read the names of the tasks that have finished runs."""
        return RedisCommand(("SMEMBERS", f"{self.prefix}ended"), _names)

    def queue_table(self) -> RedisCommand:
        """Read a `QueueState` for every queue ever used, highest priority first."""
        return RedisCommand(("1", self.prefix), _queues, "queue_table")

    def lane_load(self, lane: str, node: str) -> RedisCommand:
        """Read the `LaneLoad` of a lane."""
        return RedisCommand(
            ("1", self.prefix, lane, node), lambda reply: LaneLoad(*reply), "lane_load"
        )

    def is_paused(self, queue: str) -> RedisCommand:
        """Read whether a queue is paused."""
        return RedisCommand(("SISMEMBER", f"{self.prefix}paused", queue), bool)

    def is_declined(self, lane: str, task: str) -> RedisCommand:
        """Read whether runs of a task wait for a node that has it: others have declined them."""
        return RedisCommand(("SISMEMBER", f"{self.prefix}strays", f"{lane}:{task}"), bool)

    def count_running(self, task: str) -> RedisCommand:
        """Count the runs of a task that its limit on concurrency counts now."""
        return RedisCommand(("SCARD", f"{self.prefix}cc:{task}"), int)

    def any_running(self, task: str) -> RedisCommand:
        """Read the id of one of the runs that `count_running` counts; empty: there is none."""
        return RedisCommand(("SRANDMEMBER", f"{self.prefix}cc:{task}"), _text)

    def tally(self, task: str | None = None) -> RedisCommand:
        """Read how many runs ended in each state, ever, by state character."""
        return RedisCommand(
            ("HGETALL", self.prefix + ("tally" if task is None else f"tally:{task}")), _counts
        )

    def get_progress(self) -> RedisCommand:
        """Read the progress of running runs, by id."""
        return RedisCommand(("HGETALL", f"{self.prefix}progress"), _blobs)

    def get_intent(self, run_id: str) -> RedisCommand:
        """Read the stop request of a run, or None."""
        return RedisCommand(("HGET", f"{self.prefix}intent", run_id))

    def get_lease_places(self, exec_id: str, ids: Sequence[str]) -> RedisCommand:
        """Read where runs that are leased to an executor waited: place and item; "" if one is
        not leased to it."""

        def places(reply: Sequence[bytes | None]) -> list[str]:
            return [(one or b"").decode() for one in reply]

        return RedisCommand(("HMGET", f"{self.prefix}lease:{exec_id}", *ids), places)

    def list_executors(self) -> RedisCommand:
        """Read every enrolled executor: `EnrolledExecutor`."""
        return RedisCommand(("HGETALL", f"{self.prefix}execs"), _execs)

    def list_fenced(self) -> RedisCommand:
        """Read the executors that were fenced and still have runs to settle."""
        return RedisCommand(("SMEMBERS", f"{self.prefix}fenced"), _names)

    def list_demanding(self, lane: str) -> RedisCommand:
        """Read the nodes that a lane rang for want of an idle executor."""
        return RedisCommand(("SMEMBERS", f"{self.prefix}demand:{lane}"), _names)

    def next_due(self) -> RedisCommand:
        """Read when the next delayed run is due, in ms, or None."""
        return RedisCommand(("ZRANGE", f"{self.prefix}delayed", 0, 0, "WITHSCORES"), _score)

    def get_due_times(self, place_items: Sequence[str]) -> RedisCommand:
        """Read [(place and item, when it is due in epoch seconds)] of delayed runs."""

        def pairs(reply: Sequence[bytes | None]) -> list[tuple[str, float]]:
            found = zip(place_items, reply, strict=True)
            return [(spot, float(ms) / 1000) for spot, ms in found if ms is not None]

        return RedisCommand(("ZMSCORE", f"{self.prefix}delayed", *place_items), pairs)

    def bell_key(self, exec_id: str) -> str:
        """Return the list that wakes an executor."""
        return f"{self.prefix}bell:{exec_id}"

    def node_bell_key(self, node: str) -> str:
        """Return the list that wakes a node's supervisor."""
        return f"{self.prefix}bell:node:{node}"


def _score(reply: Sequence[bytes]) -> int | None:
    return int(float(reply[1])) if reply else None
