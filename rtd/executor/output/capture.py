"""The output of one slot: live in its scratch file, then kept in a segment."""

import contextlib
import os
from pathlib import Path
from typing import Final

from rtd.common.units import format_bytes
from rtd.executor.core.leased_run import AttemptOutcome
from rtd.executor.core.run_aspect import RunAspect
from rtd.executor.output.scratch_file import ScratchFile
from rtd.executor.output.segments import Segments
from rtd.executor.output.stdio_router import STDIO
from rtd.model.internal_tasks import is_internal

#: At most so much of each run of rtd itself goes to the log.
_PASSED_BYTES: Final = 1 << 16


class Capture(RunAspect):
    """Keeps the output of the runs of one slot.

    Args:
        segments: where finished output goes; shared by the slots of an executor.
        redirect: whether fds 1 and 2 of the process are this slot's output (one run at a
            time); else only the output of Python can be told apart by run.
        inner: rtd's own runs come here, too: hooks and conditions of the app. Their output
            goes to the daemon's log, since no run of the app holds it.
    """

    def __init__(
        self, path: Path, limit_bytes: int, segments: Segments, redirect: bool, inner: bool = False
    ) -> None:
        self.scratch = ScratchFile(path, limit_bytes)
        self._segments = segments
        self._redirect = redirect
        self._log_fd = os.dup(2) if inner else -1
        if redirect:
            self._redirect_stdio()

    def _redirect_stdio(self) -> None:
        os.dup2(self.scratch.fd, 1)
        os.dup2(self.scratch.fd, 2)

    def leave(self, outcome: AttemptOutcome) -> None:
        """Keep what the run wrote, and note what was lost."""
        if self._redirect:
            STDIO.flush()
        scratch = self.scratch
        if not scratch.lost_bytes and not scratch.size():
            return
        work, why = outcome.leased_run, scratch.lost_why
        if is_internal(work.task):
            self._pass_on()
            scratch.reset()
            return
        moves = scratch.moves
        outcome.output = kept = self._segments.store_output(scratch, work.id, work.attempt_number)
        if self._redirect and scratch.moves != moves:
            self._redirect_stdio()
        if kept is not None and kept[4]:
            reason = why or "the output directory could not be written"
            outcome.add_note(f"{format_bytes(kept[4])} of output lost: {reason}")

    def _pass_on(self) -> None:
        with contextlib.suppress(OSError):  # a closed terminal, a full disk
            os.write(self._log_fd, os.pread(self.scratch.fd, _PASSED_BYTES, 0))

    def remove(self) -> None:
        """Delete the scratch file, at the end of the executor."""
        self.scratch.remove()
