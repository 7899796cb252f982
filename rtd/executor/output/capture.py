"""The output of one slot: live in its scratch file, then kept in a segment."""

import fcntl
from contextlib import suppress
from typing import Final

from rtd.common.stdlib.originals import os
from rtd.common.units import format_bytes
from rtd.executor.core.attempt_outcome import AttemptOutcome
from rtd.executor.core.run_aspect import RunAspect
from rtd.executor.output.lazy_scratch_file import LazyScratchFile
from rtd.executor.output.scratch_file import ScratchFile
from rtd.executor.output.segments import Segments
from rtd.executor.output.stdio_router import STDIO
from rtd.model.internal_tasks import is_internal
from rtd.model.output_files import file_place
from rtd.model.output_index import ERR, OUT
from rtd.process.fork.file_descriptors import open_standard_fds
from rtd.process.fork.fork import CRASH_LOG
from rtd.process.traits.trait import Trait

#: At most so much of each run of rtd itself goes to the log.
_PASSED_BYTES: Final = 1 << 16
_HIGH_FD: Final = 100


class Capture(RunAspect):
    """Keeps the output of the runs of one slot.

    Args:
        scratch: the live output of the slot.
        segments: where finished output goes; shared by the slots of an executor.
        redirect: whether fds 1 and 2 of the process are this slot's output (one run at a
            time); else only the output of Python can be told apart by run.

    Output of rtd's own runs, hooks and conditions of the app, goes to the daemon's log, since no
    run of the app holds it.
    """

    def __init__(self, scratch: ScratchFile, segments: Segments, redirect: bool = True) -> None:
        self.scratch = scratch
        self.segments = segments
        self._redirect = redirect
        if redirect:
            STDIO.log_fds = dict.fromkeys((OUT, ERR), _high_fd(2))
            CRASH_LOG.fd = STDIO.log_fds[ERR]
            scratch.redirect_stdio()
        STDIO.has_stdio = redirect
        self._stdin_place = file_place(0)

    def stdio_trait(self) -> Trait:
        """Return descriptors 0 to 2, as runs must find them."""
        return Trait("file descriptors 0 to 2", self._stdio_places, self._restore_stdio)

    def _stdio_places(self) -> list[bool]:
        places = [self._stdin_place, *[file_place(self.scratch.fd)] * 2]
        return [file_place(fd) == place for fd, place in enumerate(places)]

    def _restore_stdio(self, _were: object = None) -> None:
        if file_place(0) != self._stdin_place:
            with suppress(OSError):
                os.close(0)
            open_standard_fds()
        self.scratch.redirect_stdio()

    def replace_fds(self) -> None:
        """Open the files again: a task has closed them."""
        self.scratch.reopen()
        self.segments.forget_file()
        if self._redirect:
            self.scratch.redirect_stdio()

    def leave(self, outcome: AttemptOutcome) -> None:
        """Keep what the run wrote, and note what was lost."""
        scratch = self.scratch
        with scratch.lock:  # a thread that the run leaves behind may be in the middle of it
            if not STDIO.is_clean():
                self._end_streams()
            if scratch.lost_bytes or scratch.size():
                self._store(outcome)

    def _end_streams(self) -> None:
        if STDIO.end_run(self.scratch) and not all(self._stdio_places()):
            self._restore_stdio()

    def _store(self, outcome: AttemptOutcome) -> None:
        scratch = self.scratch
        work, why = outcome.leased_run, scratch.lost_why
        if is_internal(work.task):
            self._pass_on()
            scratch.reset()
            return
        moves = scratch.moves
        outcome.output = kept = self.segments.store_output(scratch, work.id, work.attempt_number)
        if self._redirect and scratch.moves != moves:
            scratch.redirect_stdio()
        if kept is not None and kept[4]:
            reason = why or self.segments.lost_why or "the output directory could not be written"
            outcome.add_note(f"{format_bytes(kept[4])} of output lost: {reason}")

    def _pass_on(self) -> None:
        STDIO.write_log(os.pread(self.scratch.fd, _PASSED_BYTES, 0))

    def remove(self) -> None:
        """Delete the scratch file, at the end of the executor."""
        self.scratch.remove()


class SharedCapture(Capture):
    """Keeps the output of the runs of one slot that shares its process with others."""

    scratch: LazyScratchFile

    def __init__(self, scratch: LazyScratchFile, segments: Segments) -> None:
        super().__init__(scratch, segments, redirect=False)

    def leave(self, outcome: AttemptOutcome) -> None:
        """Keep what the run wrote, and note what was lost."""
        scratch = self.scratch
        with scratch.lock:
            if not STDIO.is_clean():
                STDIO.flush_run(scratch)
            if scratch.lost_bytes:
                self._store(outcome)
            elif scratch.fd >= 0:
                if scratch.size():
                    self._store(outcome)
                else:
                    scratch.release()


def _high_fd(fd: int) -> int:
    """Return a copy with a number that no program expects to be its own."""
    try:
        return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _HIGH_FD)
    except OSError:  # so many may not be open at once
        return os.dup(fd)
