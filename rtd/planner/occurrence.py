"""One due moment of a task, and what became of it."""

from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple

from rtd.common.ids import encode_id


class OccurrenceVerdict(StrEnum):
    """What became of a due moment."""

    RAN = "ran"
    LATE = "late"
    SKIPPED = "skipped"
    MISSED = "missed"
    COALESCED = "coalesced"
    OWED = "owed"


class Occurrence(NamedTuple):
    """One due moment of a task.

    Attributes:
        due_us: when its condition came true. With the task it is what makes it unique.
        verdict: `ran` and `late` (more than a second) make a run, the others do not: `skipped`
            (something held it until its condition was false again), `missed` (nobody was
            there to fire it), `coalesced` (one run stands for it and later ones). `owed` is not
            the last word: a run is to be made up for it, and another occurrence says so.
        reason: one sentence; empty when it ran in time.
        start_us: when its run counts as started.
        run_id: of the run that it makes.
    """

    task: str
    due_us: int
    verdict: OccurrenceVerdict
    reason: str = ""
    start_us: int = 0
    run_id: str = ""

    @property
    def makes_run(self) -> bool:
        """Whether it makes a run."""
        return self.verdict in (OccurrenceVerdict.RAN, OccurrenceVerdict.LATE)


def occurrence_id(task: str, due_us: int) -> str:
    """The id of the run of an occurrence, a ULID of its due moment: whoever decides to fire
    it, however often, means the same run."""
    mark = blake2b(f"{task}|{due_us}".encode(), digest_size=10).digest()
    return encode_id((due_us // 1000 & (1 << 48) - 1) << 80 | int.from_bytes(mark, "big"))
