"""Commands for what the scheduler keeps in Redis: occurrences, its tasks' last events, switches."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from rtd.store.commands.replies import parse_ids
from rtd.store.commands.schedule_records import (
    LAST_CHARS,
    FiredOccurrence,
    OccurrenceRecord,
    SkippedOccurrence,
    parse_active_runs,
    parse_catch_ups,
    parse_misses,
    parse_pairs,
    parse_switches,
    parse_times,
)
from rtd.store.connection.command import RedisCommand, check_batch

#: The field that stands for all tasks among the switches.
ALL_TASKS: Final = "*"
#: Begins the reply of `fire` for an occurrence that was decided without knowing of a later start.
OVERTAKEN: Final = ">"
#: Where a command of `fire` has its own time, the time up to which everything is decided, and
#: the first of its occurrences.
FIRE_NOW, FIRE_ALIVE, _FIRE_OCCURRENCES = 4, 6, 7


def fired_record_positions(fire: RedisCommand) -> range:
    """Return where a command of `fire` has the records of its runs."""
    first = _FIRE_OCCURRENCES + FiredOccurrence._fields.index("record")
    return range(first, len(fire.args), len(FiredOccurrence._fields))


class ScheduleCommands:
    """Builds the scheduler's commands. Mixed into `StoreCommands`."""

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
        """Record occurrences and submit their runs, all in one place, each at most once for ever.

        Args:
            kept: how many occurrences Redis keeps of each task.
            alive_us: up to when everything has been decided.

        Gives for each an empty text (made), the state character of the run that existed
        (`-`: its record is gone), or `OVERTAKEN` and the task's latest start (us).
        """
        check_batch(len(firings))
        flat = [field for firing in firings for field in firing]
        args = ("1", self.prefix, node, place, now_ms, kept, alive_us, *flat)
        return RedisCommand(args, parse_ids, "fire")

    def record_skipped(
        self, kept: int, alive_us: int, skipped: Sequence[SkippedOccurrence]
    ) -> RedisCommand:
        """Record occurrences that make no run; those that are recorded already stay as they are.

        A note that begins with `owed|` says that its run is yet to be made: until it is fired
        it stands in `SchedulerState.catch_ups`.
        """
        check_batch(len(skipped))
        flat: list[Any] = []
        for one in skipped:
            flat += (one.task, one.due_us, int(one.used), one.note)
        return RedisCommand(("1", self.prefix, kept, alive_us, *flat), int, "note")

    def reopen(self, now_us: int, tasks: Sequence[str]) -> RedisCommand:
        """Forget due moments after this time that were missed. Gives how many."""
        return RedisCommand(("1", self.prefix, now_us, *tasks), int, "reopen")

    def set_alive(self, alive_us: int) -> RedisCommand:
        """Record that everything up to then has been decided, and written."""
        return RedisCommand(("SET", f"{self.prefix}alive", alive_us))

    def get_scheduler_state(self) -> list[RedisCommand]:
        """Read the scheduler's state; `parse_scheduler_state` puts the replies together."""
        return [
            RedisCommand(
                ("GET", f"{self.prefix}alive"), lambda reply: int(reply) if reply else None
            ),
            self._read_hash("flying", parse_active_runs),
            self.switches(),
            self._read_hash("owed", parse_catch_ups),
            *(self._read_hash(f"last:{char}", parse_times) for char in LAST_CHARS),
        ]

    def _read_hash(self, name: str, parse: Any) -> RedisCommand:
        return RedisCommand(("HGETALL", self.prefix + name), parse)

    def switches(self) -> RedisCommand:
        """Read the tasks that a user enabled or disabled, and `ALL_TASKS`."""
        return self._read_hash("switches", parse_switches)

    def served_since(self) -> RedisCommand:
        """Read when each task with a condition was first served."""
        return self._read_hash("since", parse_times)

    def record_served(self, tasks: Iterable[str], since_us: int) -> RedisCommand:
        """Record that these tasks are served for the first time."""
        fields = [field for task in tasks for field in (task, since_us)]
        return RedisCommand(("HSET", f"{self.prefix}since", *fields), int)

    def drop_catch_ups(self, occurrences: Iterable[OccurrenceRecord]) -> RedisCommand:
        """Forget these occurrences: their runs will not be made any more."""
        fields = [f"{one.task}|{one.due_us}" for one in occurrences]
        return RedisCommand(("HDEL", f"{self.prefix}owed", *fields), int)

    def get_started_tasks(self, ids: Sequence[str]) -> RedisCommand:
        """Read the task of each of these runs; None for one that is not among the active runs."""

        def tasks(reply: Sequence[bytes | None]) -> list[str | None]:
            return [None if one is None else one.decode().rpartition("|")[0] for one in reply]

        return RedisCommand(("HMGET", f"{self.prefix}flying", *ids), tasks)

    def drop_active_runs(self, ids: Iterable[str]) -> RedisCommand:
        """Forget these runs: they are over, or were never there."""
        return RedisCommand(("HDEL", f"{self.prefix}flying", *ids), int)

    def switch(self, node: str, task: str, on: bool) -> RedisCommand:
        """Enable or disable a task (or `ALL_TASKS`) until further notice.

        With all enabled the schedule goes on, whichever fault had halted it. Gives 1 if it was
        halted.
        """
        return RedisCommand(("1", self.prefix, node, task, int(on)), int, "switch")

    def occurrences(self, task: str, limit: int) -> list[RedisCommand]:
        """Read the latest due moments of a task, newest first, and the notes on them;
        `parse_occurrences` puts the replies together."""
        return [
            RedisCommand(("ZREVRANGE", f"{self.prefix}occ:{task}", 0, limit - 1), parse_ids),
            self._read_hash(f"note:{task}", parse_pairs),
        ]

    def misses(self, limit: int) -> RedisCommand:
        """Read the occurrences that did not simply run in time, the latest first:
        `OccurrenceRecord`."""
        return RedisCommand(("LRANGE", f"{self.prefix}misses", 0, limit - 1), parse_misses)
