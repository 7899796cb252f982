"""The records of the scheduler's commands, and how their replies are read.

Times here are UTC microseconds (`_us`), since two due moments may lie close together.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgpack

#: Characters of `SchedulerState.last`: those of the ended states, `r` started, `u` the due
#: moments are used up, `d` a due moment is recorded that made no run.
LAST_CHARS: Final = "rsextlcud"
#: `known_us` of an occurrence that is to make its run in any case.
KNOWS_ALL: Final = 1 << 62


class FiredOccurrence(NamedTuple):
    """An occurrence that makes a run. `note` is `verdict|run id|reason`; `known_us` is the task's
    latest start that the decision took into account: Redis refuses it if there is a later one."""

    task: str
    due_us: int
    start_us: int
    id: str
    record: bytes
    item: str
    expires_ms: int
    note: str
    known_us: int = KNOWS_ALL


class SkippedOccurrence(NamedTuple):
    """An occurrence that makes no run. `used`: the task counts as started and ended then."""

    task: str
    due_us: int
    used: bool
    note: str


class ActiveRun(NamedTuple):
    """A run of a watched task that has begun and not ended."""

    id: str
    task: str
    start_us: int


class OccurrenceRecord(NamedTuple):
    """An occurrence as Redis keeps it; the note is empty for one that ran in time."""

    task: str
    due_us: int
    note: str


class SchedulerState(NamedTuple):
    """The state that a scheduler starts from.

    `alive_us` is up to when everything was decided (None: never), `switches` the tasks that a
    user enabled or disabled, `catch_ups` the misfires whose runs are yet to be made, and why;
    `last` maps a character of `LAST_CHARS` to task and time.
    """

    alive_us: int | None
    active_runs: list[ActiveRun]
    switches: dict[str, bool]
    catch_ups: list[OccurrenceRecord]
    last: dict[str, dict[str, int]]


def parse_scheduler_state(answers: Sequence[Any]) -> SchedulerState:
    """Read the replies to `ScheduleCommands.get_scheduler_state`."""
    alive_us, active_runs, switches, catch_ups, *last = answers
    return SchedulerState(
        alive_us, active_runs, switches, catch_ups, dict(zip(LAST_CHARS, last, strict=True))
    )


def parse_occurrences(task: str, answers: Sequence[Any]) -> list[OccurrenceRecord]:
    """Read the replies to `ScheduleCommands.occurrences`."""
    notes = {due: note.decode() for due, note in answers[1]}
    return [OccurrenceRecord(task, int(due), notes.get(due, "")) for due in answers[0]]


def parse_pairs(reply: Sequence[bytes]) -> list[tuple[str, bytes]]:
    """Read a hash: name and value of each field."""
    it = iter(reply)
    return [(name.decode(), value) for name, value in zip(it, it, strict=True)]


def parse_times(reply: Sequence[bytes]) -> dict[str, int]:
    """Read a hash of times by task."""
    return {task: int(value) for task, value in parse_pairs(reply)}


def parse_active_runs(reply: Sequence[bytes]) -> list[ActiveRun]:
    """Read the hash of the runs that have begun."""
    found = []
    for run_id, value in parse_pairs(reply):
        task, _, at = value.decode().rpartition("|")
        found.append(ActiveRun(run_id, task, int(at)))
    return found


def parse_switches(reply: Sequence[bytes]) -> dict[str, bool]:
    """Read the hash of the tasks that were enabled or disabled."""
    return {task: value == b"1" for task, value in parse_pairs(reply)}


def parse_catch_ups(reply: Sequence[bytes]) -> list[OccurrenceRecord]:
    """Read the hash of the misfires whose runs are yet to be made."""
    found = []
    for name, note in parse_pairs(reply):
        task, _, due = name.rpartition("|")
        found.append(OccurrenceRecord(task, int(due), note.decode()))
    return found


def parse_misses(reply: Sequence[bytes]) -> list[OccurrenceRecord]:
    """Read the list of occurrences that did not simply run in time."""
    found = []
    for blob in reply:
        task, due, note = msgpack.unpackb(blob)
        found.append(OccurrenceRecord(task, int(due), note))
    return found
