"""What the scheduler keeps in Redis: occurrences, what its tasks did last, who is disabled.

Times here are UTC microseconds (`_us`), since two due moments may lie close together.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgpack

from rtd.store.connection.command import RedisCommand, check_batch

#: Characters of `last`: those of the ended states, `r` started, `u` its due moments are used up.
LAST_CHARS = "rsextlcu"
#: The field that stands for all tasks among the disabled.
ALL_TASKS = "*"


class FiredOccurrence(NamedTuple):
    """An occurrence that makes a run. `note` is `verdict|run id|reason`."""

    task: str
    due_us: int
    start_us: int
    id: str
    record: bytes
    item: str
    expires_ms: int
    note: str


class SkippedOccurrence(NamedTuple):
    """An occurrence that makes none. `used`: the task counts as started and ended then."""

    task: str
    due_us: int
    used: bool
    note: str


class ActiveRun(NamedTuple):
    """A run of a watched task that has begun and not ended."""

    id: str
    task: str
    start_us: int


class SchedulerState(NamedTuple):
    """What a scheduler starts from.

    `alive_us` is up to when everything was decided (None: never), `last` maps a character of
    `LAST_CHARS` to task and time, `off` the tasks that somebody enabled or disabled, `owed` the
    due moments that are to be made up for, and why.
    """

    alive_us: int | None
    active_runs: list[ActiveRun]
    switches: dict[str, bool]
    owed: list["OccurrenceRecord"]
    last: dict[str, dict[str, int]]


class OccurrenceRecord(NamedTuple):
    """An occurrence as it is written down; the note is empty for one that ran in time."""

    task: str
    due_us: int
    note: str


def _pairs(reply: Sequence[bytes]) -> list[tuple[str, bytes]]:
    it = iter(reply)
    return [(key.decode(), value) for key, value in zip(it, it, strict=True)]


def _times(reply: Sequence[bytes]) -> dict[str, int]:
    return {task: int(value) for task, value in _pairs(reply)}


def _parse_active_runs(reply: Sequence[bytes]) -> list[ActiveRun]:
    found = []
    for run_id, value in _pairs(reply):
        task, _, at = value.decode().rpartition("|")
        found.append(ActiveRun(run_id, task, int(at)))
    return found


def _switches(reply: Sequence[bytes]) -> dict[str, bool]:
    return {task: value == b"1" for task, value in _pairs(reply)}


def _owed(reply: Sequence[bytes]) -> list["OccurrenceRecord"]:
    found = []
    for key, value in _pairs(reply):
        task, _, due = key.rpartition("|")
        found.append(OccurrenceRecord(task, int(due), value.decode()))
    return found


def _texts(reply: Sequence[bytes]) -> list[str]:
    return [text.decode() for text in reply]


def _misses(reply: Sequence[bytes]) -> list[OccurrenceRecord]:
    found = []
    for blob in reply:
        task, due, note = msgpack.unpackb(blob)
        found.append(OccurrenceRecord(task, int(due), note))
    return found


class ScheduleCommands:
    """Builds the scheduler's calls. Mixed into `StoreCommands`."""

    prefix: str

    def fire(
        self,
        node: str,
        place: str,
        now_ms: int,
        kept: int,
        alive_us: int,
        firings: Sequence[FiredOccurrence],
    ) -> RedisCommand:
        """Occurrences and their runs, all in one place, each at most once for ever.

        Gives for each an empty text (made), or the state character of the run that existed
        (`-`: its record is gone). `kept` is how many occurrences are kept of each task,
        `alive_us` up to when everything has been decided.
        """
        check_batch(len(firings))
        flat = [field for firing in firings for field in firing]
        args = ("1", self.prefix, node, place, now_ms, kept, alive_us, *flat)
        return RedisCommand(args, _texts, "fire")

    def record_skipped(
        self, kept: int, alive_us: int, unfired: Sequence[SkippedOccurrence]
    ) -> RedisCommand:
        """Occurrences that make no run; those that are written down already stay as they are.

        A note that begins with `owed|` says that its run is yet to be made: until it is fired
        it stands in `LogStorage.owed`.
        """
        check_batch(len(unfired))
        flat: list[Any] = []
        for one in unfired:
            flat += (one.task, one.due_us, int(one.used), one.note)
        return RedisCommand(("1", self.prefix, kept, alive_us, *flat), int, "note")

    def set_alive(self, alive_us: int) -> RedisCommand:
        """Everything up to then has been decided, and written."""
        return RedisCommand(("SET", f"{self.prefix}alive", alive_us))

    def get_scheduler_state(self) -> list[RedisCommand]:
        """The calls whose answers `kept_of` puts together."""
        hashes = [RedisCommand(("HGETALL", f"{self.prefix}last:{c}"), _times) for c in LAST_CHARS]
        return [
            RedisCommand(
                ("GET", f"{self.prefix}alive"), lambda reply: int(reply) if reply else None
            ),
            RedisCommand(("HGETALL", f"{self.prefix}flying"), _parse_active_runs),
            self.switches(),
            RedisCommand(("HGETALL", f"{self.prefix}owed"), _owed),
            *hashes,
        ]

    def switches(self) -> RedisCommand:
        """The tasks that somebody enabled or disabled, and `ALL`."""
        return RedisCommand(("HGETALL", f"{self.prefix}switches"), _switches)

    def served_since(self) -> RedisCommand:
        """When each task with a condition was first served."""
        return RedisCommand(("HGETALL", f"{self.prefix}since"), _times)

    def record_served(self, tasks: Iterable[str], since_us: int) -> RedisCommand:
        """These tasks are served for the first time."""
        fields = [field for task in tasks for field in (task, since_us)]
        return RedisCommand(("HSET", f"{self.prefix}since", *fields), int)

    def drop_owed(self, dues: Iterable["OccurrenceRecord"]) -> RedisCommand:
        """These are not to be made up for any more."""
        fields = [f"{due.task}|{due.due_us}" for due in dues]
        return RedisCommand(("HDEL", f"{self.prefix}owed", *fields), int)

    def drop_active_runs(self, ids: Iterable[str]) -> RedisCommand:
        """These runs are over, or were never there."""
        return RedisCommand(("HDEL", f"{self.prefix}flying", *ids), int)

    def watched_tasks(self) -> RedisCommand:
        """The tasks whose runs ring."""
        return RedisCommand(("SMEMBERS", f"{self.prefix}watched"), _texts)

    def begin_watched_tasks(self) -> RedisCommand:
        """The tasks of which it is told when a run has an executor."""
        return RedisCommand(("SMEMBERS", f"{self.prefix}asked"), _texts)

    def watch_begins(self, tasks: Iterable[str]) -> RedisCommand:
        """Let that of these tasks be told, by `task|<task>|b|<id>|0`."""
        return RedisCommand(("SADD", f"{self.prefix}asked", *tasks), int)

    def unwatch_begins(self, tasks: Iterable[str]) -> RedisCommand:
        """Takes back `ask_of`."""
        return RedisCommand(("SREM", f"{self.prefix}asked", *tasks), int)

    def unwatch_tasks(self, tasks: Iterable[str]) -> RedisCommand:
        """Takes back `watch_tasks`."""
        return RedisCommand(("SREM", f"{self.prefix}watched", *tasks), int)

    def switch(self, node: str, task: str, on: bool) -> RedisCommand:
        """Enables or disables a task (or `ALL`) until further notice; with all enabled the
        schedule goes on, whatever had halted it. Gives 1 if it was halted."""
        return RedisCommand(("1", self.prefix, node, task, int(on)), int, "switch")

    def occurrences(self, task: str, limit: int) -> list[RedisCommand]:
        """The latest due moments of a task, newest first, and the notes on them: for
        `dues_of`."""
        return [
            RedisCommand(("ZREVRANGE", f"{self.prefix}occ:{task}", 0, limit - 1), _texts),
            RedisCommand(("HGETALL", f"{self.prefix}note:{task}"), _pairs),
        ]

    def misses(self, limit: int) -> RedisCommand:
        """Occurrences that did not simply run in time, the latest first: `OccurrenceRecord`."""
        return RedisCommand(("LRANGE", f"{self.prefix}misses", 0, limit - 1), _misses)


def parse_scheduler_state(answers: Sequence[Any]) -> SchedulerState:
    """What the answers to `schedule_kept` say."""
    alive_us, flying, switches, owed, *last = answers
    return SchedulerState(
        alive_us, flying, switches, owed, dict(zip(LAST_CHARS, last, strict=True))
    )


def parse_occurrences(task: str, answers: Sequence[Any]) -> list[OccurrenceRecord]:
    """What the answers to `occurrences` say."""
    notes = {due: note.decode() for due, note in answers[1]}
    return [OccurrenceRecord(task, int(due), notes.get(due, "")) for due in answers[0]]
