"""Everything about one slot's output: live in its scratch file, then kept in a segment."""

import os
from pathlib import Path

from rtd.executor.scratch import Scratch
from rtd.executor.segment import Segments
from rtd.executor.work import Outcome
from rtd.model.inner import is_inner
from rtd.model.units import format_bytes


class Capture:
    """The output of the runs of one slot.

    Args:
        segments: where finished output goes; shared by the slots of an executor.
        redirect: whether fds 1 and 2 of the process are this slot's output (one run at a
            time); else only what Python writes can be told apart by run.
    """

    def __init__(self, path: Path, limit_bytes: int, segments: Segments, redirect: bool) -> None:
        self.scratch = Scratch(path, limit_bytes)
        self._segments = segments
        self._redirect = redirect
        if redirect:
            self._point()

    def _point(self) -> None:
        os.dup2(self.scratch.fd, 1)
        os.dup2(self.scratch.fd, 2)

    def finish(self, outcome: Outcome) -> None:
        """A run has ended: what it wrote is kept, what was lost is noted. Of rtd's own runs
        nothing is kept, for nobody could find it."""
        scratch = self.scratch
        if not scratch.lost_bytes and not scratch.size():
            return
        work, why = outcome.work, scratch.lost_why
        if is_inner(work.task):
            scratch.reset()
            return
        moves = scratch.moves
        outcome.output = kept = self._segments.keep(scratch, work.id, work.number)
        if self._redirect and scratch.moves != moves:
            self._point()
        if kept is not None and kept[4]:
            reason = why or "the output directory could not be written"
            outcome.add_note(f"{format_bytes(kept[4])} of output lost: {reason}")

    def remove(self) -> None:
        """At the executor's end."""
        self.scratch.remove()


def scratch_path(folder: Path, executor: str, index: int) -> Path:
    """Where slot number `index` of an executor writes."""
    return folder / f"x-{executor}-{index}.scratch"
