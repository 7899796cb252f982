"""`sys.stdout` and `sys.stderr` of an executor: text goes to the run that wrote it."""

import io
import sys
from collections.abc import Callable
from typing import Final, TextIO

from rtd.executor.output.scratch_file import ScratchFile
from rtd.model.output_index import ERR, OUT

#: Longer text is passed on even without a line break.
_CHUNK: Final = 8192

#: Finds the scratch file of the run that this code is part of; None outside of runs.
Router = Callable[[], ScratchFile | None]


class _RawStream(io.RawIOBase):
    """Bytes written to `sys.stdout.buffer`."""

    def __init__(self, streams: "StdioRouter", stream: int, fallback: int) -> None:
        super().__init__()
        self._streams = streams
        self._stream = stream
        self._fallback = fallback

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        # A process that is started with stdout=sys.stdout must write to the run's file.
        scratch = self._streams.route()
        return self._fallback if scratch is None else scratch.fd

    def write(self, data: "bytes | bytearray | memoryview", /) -> int:  # type: ignore[override]
        scratch = self._streams.route()
        blob = bytes(data)
        if scratch is None:
            io.FileIO(self._fallback, "w", closefd=False).write(blob)
        else:
            scratch.write(blob, self._stream)
        return len(blob)


class RunStream(io.TextIOBase):
    """A text stream that hands whole lines to the run's scratch file as soon as they end.

    Text without a line break waits until one comes, until it is long, or until `flush`.
    """

    def __init__(self, streams: "StdioRouter", stream: int, fallback: int) -> None:
        super().__init__()
        self.buffer = _RawStream(streams, stream, fallback)
        self._pending: dict[int, io.StringIO] = {}
        self._streams = streams

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"

    @property
    def errors(self) -> str:  # type: ignore[override]
        return "backslashreplace"

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.buffer.fileno()

    def isatty(self) -> bool:
        return False

    def write(self, text: str, /) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        key = id(self._streams.route())
        waiting = self._pending.get(key)
        if text.endswith("\n") or len(text) > _CHUNK:
            if waiting:
                del self._pending[key]
                text_out = waiting.getvalue() + text
            else:
                text_out = text
            self.buffer.write(text_out.encode("utf-8", "backslashreplace"))
        elif waiting is None:
            self._pending[key] = waiting = io.StringIO()
            waiting.write(text)
        else:
            waiting.write(text)
            if waiting.tell() > _CHUNK:
                self.flush()
        return len(text)

    def flush(self) -> None:
        """Pass on text that waits for its line break."""
        if not self._pending:
            return
        waiting = self._pending.pop(id(self._streams.route()), None)
        if waiting:
            self.buffer.write(waiting.getvalue().encode("utf-8", "backslashreplace"))


class StdioRouter:
    """Both streams of a process, installed for its whole life.

    The zygote installs them before it imports the app: a logging handler that is made at
    import then has a stream that follows the runs after the fork.
    """

    def __init__(self) -> None:
        self.route: Router = _nowhere
        self.out = RunStream(self, OUT, 1)
        self.err = RunStream(self, ERR, 2)

    def install(self) -> None:
        """Become `sys.stdout` and `sys.stderr`."""
        sys.stdout = _as_text(self.out)
        sys.stderr = _as_text(self.err)

    def flush(self) -> None:
        """Pass on all text at the end of a run, and replace streams that a task has installed."""
        if sys.stdout is not self.out or sys.stderr is not self.err:
            self.install()
        self.flush_pending()

    def flush_pending(self) -> None:
        """Pass on text that the calling run has written without a line break."""
        self.out.flush()
        self.err.flush()


def _nowhere() -> ScratchFile | None:
    return None


def _as_text(stream: RunStream) -> TextIO:
    # A RunStream does what print, logging and traceback use of a TextIO.
    return stream  # type: ignore[return-value]


STDIO: Final = StdioRouter()
