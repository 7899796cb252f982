"""`sys.stdout` and `sys.stderr` of an executor: text streams like any other, of the current run."""

import codecs
import io
from _thread import RLock
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from rtd.common.stdlib.originals import threading
from rtd.executor.output.byte_stream import ByteStream, Sink

__all__ = ["RunStream"]

#: Longer text is passed on even without a line break.
_CHUNK: Final = 8192
_USUAL: Final[dict[str, Any]] = {
    "encoding": "utf-8",
    "errors": "backslashreplace",
    "newline": None,
    "line_buffering": True,
    "write_through": False,
}


class RunStream(io.TextIOWrapper):
    """A text stream that hands whole lines on as soon as they end.

    Text without a line break waits, for each thread and each run by itself, until one comes, until
    it is long, or until `flush`. All that a program does to a stream works: it may wrap the buffer,
    detach it, reconfigure or close the stream. `renew` makes all as it was: code that holds the
    stream since the import, such as a logging handler, goes on with it.

    Args:
        name: as that of Python's own stream, `<stdout>`.
        sink: takes the bytes.
        find_fileno: returns a descriptor for what is written past this stream.
        find_owner: returns a number of the run that the calling code is part of.

    Attributes:
        waiting: text without a line break, by run and thread.
        is_touched: the program has done more to the stream than to write.
    """

    mode = "w"

    def __init__(
        self, name: str, sink: Sink, find_fileno: Callable[[], int], find_owner: Callable[[], int]
    ) -> None:
        self._new_buffer = partial(ByteStream, name, sink, find_fileno)
        # The one that the base class knows is never handed out, so that it is never closed.
        super().__init__(self._new_buffer(), **_USUAL)
        self._sink = sink
        self._find_fileno = find_fileno
        self._find_owner = find_owner
        self._lock = RLock()
        self.waiting: dict[tuple[int, int], io.StringIO] = {}
        self._newline = "\n"
        self._encoder: codecs.IncrementalEncoder | None = None
        self._handed_out: ByteStream | None = None
        self.is_touched = self._is_closed = self._is_detached = False
        self._usual = self._configured = dict(_USUAL)

    # -- writing -------------------------------------------------------------------------------

    def write(self, text: str, /) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self.is_touched:
            self._require_open()
        key = (self._find_owner(), threading.get_ident())
        with self._lock:
            waiting = self.waiting.get(key)
            if text.endswith("\n") or len(text) > _CHUNK or self.write_through:
                if waiting is not None:
                    del self.waiting[key]
                    self._pass_on(waiting.getvalue() + text)
                else:
                    self._pass_on(text)
            elif waiting is None:
                self.waiting[key] = waiting = io.StringIO()
                waiting.write(text)
            else:
                waiting.write(text)
                if waiting.tell() > _CHUNK:
                    del self.waiting[key]
                    self._pass_on(waiting.getvalue())
        return len(text)

    def _pass_on(self, text: str) -> None:
        if text:
            self._sink(self._encode(text))

    def _encode(self, text: str) -> bytes:
        if self._encoder is None:
            return text.encode("utf-8", "backslashreplace")
        return self._encoder.encode(text.replace("\n", self._newline))

    def flush(self) -> None:
        """Pass on text of the calling thread that waits for its line break."""
        if self.is_touched:
            self._require_open()
        if self.waiting:
            with self._lock:
                waiting = self.waiting.pop((self._find_owner(), threading.get_ident()), None)
                if waiting is not None:
                    self._pass_on(waiting.getvalue())

    def take_waiting(self, owner: int) -> bytes:
        """Return all waiting text of one run, of all threads that wrote some."""
        if not self.waiting:
            return b""
        with self._lock:
            keys = [key for key in self.waiting if key[0] == owner]
            return b"".join(self._encode(self.waiting.pop(key).getvalue()) for key in keys)

    # -- what programs do to a stream ------------------------------------------------------------

    @property
    def buffer(self) -> Any:
        self._require_attached()
        self.is_touched = True
        if self._handed_out is None:
            self._handed_out = self._new_buffer()
        return self._handed_out

    @property
    def closed(self) -> bool:
        out = self._handed_out
        return self._is_closed or (out is not None and out.closed)

    def close(self) -> None:
        if self.closed:
            return
        self._require_attached()
        self.flush()
        self._is_closed = self.is_touched = True
        if self._handed_out is not None:
            self._handed_out.close()

    def detach(self) -> Any:
        found = self.buffer
        self.flush()
        self._is_detached = True
        return found

    def reconfigure(self, **options: Any) -> None:
        self._require_open()
        self.flush()
        super().reconfigure(**options)
        self.is_touched = True
        given = {n: value for n, value in options.items() if value is not None or n == "newline"}
        if "encoding" in given and "errors" not in given:
            given["errors"] = "strict"  # as the base class has it
        self._configure(given)

    def _configure(self, options: dict[str, Any]) -> None:
        self._configured = {**self._configured, **options}
        self._newline = self._configured["newline"] or "\n"
        usual = all(self._configured[name] == _USUAL[name] for name in ("encoding", "errors"))
        if usual and self._newline == "\n":
            self._encoder = None
        else:
            self._encoder = codecs.getincrementalencoder(self.encoding)(self.errors or "strict")

    def fileno(self) -> int:
        self._require_open()
        return self._find_fileno()

    def isatty(self) -> bool:
        self._require_open()
        return False

    def _require_open(self) -> None:
        self._require_attached()
        if self.closed:
            raise ValueError("I/O operation on closed file.")

    def _require_attached(self) -> None:
        if self._is_detached:
            raise ValueError("underlying buffer has been detached")

    # -- what rtd does between runs --------------------------------------------------------------

    def renew(self) -> None:
        """Begin again, as the stream was at its making or at the last `accept`."""
        if not self.is_touched:
            return
        self._handed_out = None
        self._is_closed = self._is_detached = self.is_touched = False
        super().reconfigure(**self._usual)
        self._configure(self._usual)

    def accept(self) -> None:
        """Keep what `reconfigure` has set: that is the app's own, for all runs."""
        self._usual = self._configured
        self.renew()

    def reset_in_fork(self) -> None:
        """Forget the parent's text, and locks that other threads held, in a forked child."""
        self._lock = RLock()
        self.waiting = {}
