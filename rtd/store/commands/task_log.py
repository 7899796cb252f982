"""Commands for the task log: entries on their way to the process that writes it, kept records.

The scripts that begin and end runs add entries, while a node's log is on. An entry stays until the
log's process has acknowledged it, so nothing is lost when that process dies.
"""

from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

from rtd.store.connection.command import RedisCommand, check_batch, nothing

#: Where records are kept: `redis` for good, for all nodes; `memory` for one node, until its daemon
#: starts again.
LogStorage = Literal["redis", "memory"]
#: How many records are kept at most; the oldest go first.
MAX_LOG_RECORDS: Final[dict[str, int]] = {"redis": 1_000_000, "memory": 100_000}


class LogReadReply(NamedTuple):
    """The reply to `log_read`.

    `what` is `read`: `entries` come next, each with its number, and `lost` were too many since
    the last reply; `tries` is above 1 when other processes had the first of them and have ended
    (0: the same process reads on), `ended` of them killed; `busy`: another process writes this
    node's log, wait on your own bell; `fenced`: this incarnation has been declared dead.
    """

    what: Literal["read", "busy", "fenced"]
    entries: list[tuple[int, bytes]]
    lost: int = 0
    tries: int = 0
    ended: int = 0


def _read(reply: Sequence[bytes]) -> LogReadReply:
    if reply[0] != b"read":
        return LogReadReply("busy" if reply[0] == b"busy" else "fenced", [])
    entries = []
    for entry in reply[4:]:
        number, _, blob = entry.partition(b"|")
        entries.append((int(number), blob))
    return LogReadReply("read", entries, int(reply[1]), int(reply[2]), int(reply[3]))


class TaskLogCommands:
    """Builds the commands about the task log. Mixed into `StoreCommands`."""

    prefix: str

    def log_switch(self, node: str, on: bool) -> RedisCommand:
        """Add entries to a node's log when its runs end, from now on, or no more."""
        key = f"{self.prefix}logged:{node}"
        return RedisCommand(("SET", key, 1) if on else ("DEL", key), nothing)

    def log_begun(self, node: str, runs: Sequence[tuple[str, str, float]]) -> RedisCommand:
        """Add entries for runs that have begun: (id, task, when in epoch seconds).

        Each run gets one, and none after its end. Gives how many entries that made.
        """
        check_batch(len(runs))
        flat = [field for run_id, task, at in runs for field in (run_id, task, repr(at))]
        return RedisCommand(("1", self.prefix, node, *flat), int, "log_begun")

    def log_read(self, node: str, exec_id: str, up_to: int | None, count: int) -> RedisCommand:
        """Acknowledge entries up to number `up_to`, and read the next `count`: `LogReadReply`.

        Safe to send again after a lost reply.
        """
        done = "" if up_to is None else up_to
        return RedisCommand(("1", self.prefix, node, exec_id, done, count), _read, "log_read")

    def log_bell_key(self, node: str) -> str:
        """Return the list that wakes the process that writes a node's log."""
        return f"{self.prefix}bell:log:{node}"

    def log_waiting(self, node: str) -> list[RedisCommand]:
        """Read how many entries wait to be written, and the first of them (None: there is none)."""
        key = f"{self.prefix}log:{node}"
        return [RedisCommand(("LLEN", key), int), RedisCommand(("LINDEX", key, 0))]

    def log_store(
        self, node: str, where: LogStorage, rows: Iterable[tuple[float, bytes]]
    ) -> list[RedisCommand]:
        """Keep records (time, packed). One that is kept already stays as it is."""
        key = self._records_key(node, where)
        flat = [field for at, blob in rows for field in (repr(at), blob)]
        return [
            RedisCommand(("ZADD", key, *flat), nothing),
            RedisCommand(("ZREMRANGEBYRANK", key, 0, -MAX_LOG_RECORDS[where] - 1), nothing),
        ]

    def _records_key(self, node: str, where: LogStorage) -> str:
        place = f"memory:{node}" if where == "memory" else where
        return f"{self.prefix}log:kept:{place}"

    def log_records(
        self, node: str, where: LogStorage, since_at: float | None, until_at: float | None
    ) -> RedisCommand:
        """Read packed records from `since_at` to `until_at`, oldest first.

        Both are epoch seconds and included; None: no bound.
        """
        key = self._records_key(node, where)
        since = "-inf" if since_at is None else repr(since_at)
        until = "+inf" if until_at is None else repr(until_at)
        return RedisCommand(("ZRANGEBYSCORE", key, since, until))

    def log_latest(self, node: str, where: LogStorage, offset: int, count: int) -> RedisCommand:
        """Read packed records, the latest first."""
        key = self._records_key(node, where)
        return RedisCommand(("ZREVRANGE", key, offset, offset + count - 1))

    def log_forget_memory(self, node: str) -> RedisCommand:
        """Forget the records of `memory`: the daemon starts."""
        return RedisCommand(("DEL", self._records_key(node, "memory")), nothing)
