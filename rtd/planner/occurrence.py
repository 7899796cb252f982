"""Occurrences: one due moment of a task each, and what became of it."""

from enum import StrEnum
from typing import NamedTuple

from rtd.common.ids import encode_id
from rtd.common.stdlib.hashes import blake2b
from rtd.language.core.time_zones import NEVER


class OccurrenceVerdict(StrEnum):
    """The fate of a due moment; the values are stored."""

    RAN = "ran"
    LATE = "late"
    SKIPPED = "skipped"
    MISSED = "missed"
    COALESCED = "coalesced"
    CATCH_UP = "owed"


class Occurrence(NamedTuple):
    """One due moment of a task.

    Attributes:
        due_us: when its condition came true; unique together with the task.
        verdict: `ran` and `late` (more than a second) make a run, the others do not: `skipped`
            (something held it until its condition was false again), `missed` (no scheduler
            ran, and the policy makes no run), `coalesced` (the catch-up run of a later one
            stands for it). A `CATCH_UP` is to have a run yet: another occurrence will say so.
        reason: one sentence; empty when it ran in time.
        start_us: when its run counts as started.
        run_id: of the run that it makes.
        known_us: the latest start of the task before it that the decision took into account. If
            there is a later one, on another node, it makes no run. NEVER: it does in any case.
    """

    task: str
    due_us: int
    verdict: OccurrenceVerdict
    reason: str = ""
    start_us: int = 0
    run_id: str = ""
    known_us: int = NEVER

    @property
    def makes_run(self) -> bool:
        """Return whether the occurrence makes a run."""
        return self.verdict in (OccurrenceVerdict.RAN, OccurrenceVerdict.LATE)


def occurrence_id(task: str, due_us: int) -> str:
    """Return the id of an occurrence's run, a ULID of its due moment.

    Every node makes the same id, however often it decides the occurrence.
    """
    mark = blake2b(f"{task}|{due_us}".encode(), digest_size=10).digest()
    return encode_id((due_us // 1000 & (1 << 48) - 1) << 80 | int.from_bytes(mark, "big"))
