"""`sys.stdout` and `sys.stderr` of an executor: text goes to the run that wrote it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Final

from rtd.common.stdlib.originals import os
from rtd.executor.output.run_stream import RunStream
from rtd.executor.output.scratch_file import ScratchFile
from rtd.model.output_index import ERR, OUT
from rtd.process.fork.daemon_log import follow_log
from rtd.process.fork.file_descriptors import open_standard_fds

#: Finds the scratch file of the run that this code is part of; None outside of runs.
Router = Callable[[], ScratchFile | None]


class StdioRouter:
    """Both streams of a process, installed for its whole life.

    The zygote installs them before it imports the app: a logging handler that is made at
    import then has a stream that follows the runs after the fork.

    Attributes:
        route: finds where the calling code's output goes.
        log_fds: where output goes that belongs to no run, by stream: the daemon's log.
        has_stdio: whether descriptors 1 and 2 are the output of the one run that goes on.
    """

    def __init__(self) -> None:
        self.route: Router = _nowhere
        self.log_fds = {OUT: 1, ERR: 2}
        self.has_stdio = True
        self.out = self._new_stream("<stdout>", OUT, 1)
        self.err = self._new_stream("<stderr>", ERR, 2)

    def _new_stream(self, name: str, stream: int, fd: int) -> RunStream:
        sink, fileno = partial(self._write, stream), partial(self._fileno, fd)
        return RunStream(name, sink, fileno, lambda: id(self.route()))

    def _write(self, stream: int, blob: bytes) -> None:
        scratch = self.route()
        while scratch is not None:
            with scratch.lock:
                # The run may have ended while another thread wrote.
                if (now := self.route()) is scratch:
                    scratch.write(blob, stream)
                    return
            scratch = now
        self.write_log(blob, stream)

    def write_log(self, blob: bytes, stream: int = ERR) -> None:
        """Write to the daemon's log, also while a run goes on."""
        left, fd = memoryview(blob), self.log_fds[stream]
        follow_log(fd)
        with suppress(OSError):  # a closed terminal, a full disk
            while left:
                left = left[os.write(fd, left) :]

    def _fileno(self, fd: int) -> int:
        """Return where a process writes that is started with `stdout=sys.stdout`."""
        scratch = None if self.has_stdio else self.route()
        return fd if scratch is None else scratch.raw_fd()

    def install(self) -> None:
        """Become `sys.stdout` and `sys.stderr`."""
        sys.stdout = sys.__stdout__ = self.out  # type: ignore[misc]
        sys.stderr = sys.__stderr__ = self.err  # type: ignore[misc]

    def begin_with_app(self) -> None:
        """Undo what the import of the app has done to the streams and their descriptors, but for
        their configuration."""
        self._flush_foreign()
        open_standard_fds()
        self.out.accept()
        self.err.accept()
        self.install()

    def is_clean(self) -> bool:
        """Return whether nothing has to be done at the end of a run: so it is after most."""
        out, err = self.out, self.err
        return not (
            sys.stdout is not out
            or sys.stderr is not err
            or out.waiting
            or err.waiting
            or out.is_touched
            or err.is_touched
        )

    def end_run(self, scratch: ScratchFile) -> bool:
        """Pass on the text that waits at the end of a run, and begin with fresh streams.

        Returns whether the run had streams of its own: their end may have closed descriptors.
        """
        replaced = sys.stdout is not self.out or sys.stderr is not self.err
        if replaced:
            self._flush_foreign()
            self.install()
        self.flush_run(scratch)
        self.out.renew()
        self.err.renew()
        return replaced

    def leave_runs(self) -> None:
        """Let all output go to the daemon's log, at the end of an executor."""
        self.route = _nowhere

    @contextmanager
    def outside_runs(self) -> Iterator[None]:
        """Let the output of all threads, and of programs that they start, go to the daemon's log
        for a while."""
        route, self.route = self.route, _nowhere
        kept: dict[int, int] = {}
        for fd in (OUT, ERR) if self.has_stdio else ():
            with suppress(OSError):  # closed by a task
                kept[fd] = os.dup(fd)
                os.dup2(self.log_fds[fd], fd)
        try:
            yield
        finally:
            self.flush()
            for fd, copy in kept.items():
                os.dup2(copy, fd)
                os.close(copy)
            self.route = route

    def flush_run(self, scratch: ScratchFile) -> None:
        """Pass on all text that a run has written without a line break; for the holder of the
        lock of its scratch file."""
        for number, stream in ((OUT, self.out), (ERR, self.err)):
            if waiting := stream.take_waiting(id(scratch)):
                scratch.write(waiting, number)

    def flush(self) -> None:
        """Pass on the text of the calling thread."""
        self._flush_foreign()
        with suppress(ValueError):  # closed
            self.out.flush()
        with suppress(ValueError):
            self.err.flush()

    def _flush_foreign(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            if stream is not self.out and stream is not self.err:
                with suppress(Exception):  # it is the task's own, or none at all
                    stream.flush()

    def prepare_fork(self) -> None:
        """Make the output of the calling run ready for a child that its task is about to fork."""
        scratch = self.route()
        if scratch is not None:
            with scratch.lock:
                scratch.prepare_fork()

    def reset_in_fork(self) -> None:
        """Forget what the parent has to write, in a child that a task forked."""
        self.out.reset_in_fork()
        self.err.reset_in_fork()


def _nowhere() -> ScratchFile | None:
    return None


STDIO: Final = StdioRouter()
