"""The progress reports of a run, thinned out before they cost anything."""

from collections.abc import Callable
from typing import Final

from rtd.common.stdlib.originals import time
from rtd.common.text_of import pack_plain, text_of

#: Seconds between two progress reports that are written.
_EVERY_S: Final = 0.2
_TEXT_CHARS: Final = 200


class ProgressThrottle:
    """Passes the first report on at once, then five a second, and the one that completes.

    Args:
        write: takes the id of the run and the report as MessagePack `[done, total, text, at]`.
    """

    __slots__ = ("_next", "_run_id", "_write")

    def __init__(self, run_id: str, write: Callable[[str, bytes], None]) -> None:
        self._run_id = run_id
        self._write = write
        self._next = 0.0

    def reset(self, run_id: str) -> None:
        """Begin another run."""
        self._run_id = run_id
        self._next = 0.0

    def __call__(self, done: float, total: float | None, text: str) -> None:
        now = time.monotonic()
        if now < self._next and done != total:
            return
        self._next = now + _EVERY_S
        report = [done, total, text_of(text)[:_TEXT_CHARS], time.time()]
        self._write(self._run_id, pack_plain(report))
