"""Entries of the task log as Redis has them, and the rows that handlers get.

A row is one action of one run. A run has at most two: `run`, and how it ended.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgpack

from rtd.common.text_of import pack_plain
from rtd.model.run_record import Attempt, RunEnd, parse_attempt, parse_end

RUN: Final = "run"
SUCCESS: Final = "success"
FAIL: Final = "fail"
TERMINATE: Final = "terminate"
INACTION: Final = "inaction"
ACTIONS: Final = (RUN, SUCCESS, FAIL, TERMINATE, INACTION)

#: The log's word for a state's character.
ACTION_OF: Final = {
    "s": SUCCESS, "e": FAIL, "x": FAIL, "l": FAIL, "t": TERMINATE, "c": INACTION, "r": RUN,
}  # fmt: skip


class LogRow(NamedTuple):
    """One action of one run; times in UTC epoch seconds.

    `start_at` is when the run's first attempt began, None when it never did; `end_at` is None for
    `run`. `exc_text` is the traceback of a failure; `reason` why the run ended as it did, one
    sentence, empty for a success.
    """

    task_name: str
    action: str
    run_id: str
    start_at: float | None
    end_at: float | None
    exc_text: str | None = None
    reason: str = ""

    @property
    def created(self) -> float:
        """When the action was."""
        at = self.end_at if self.action != RUN else self.start_at
        return at or 0.0

    def pack(self) -> bytes:
        """The same row always gives the same bytes."""
        blob: bytes = pack_plain(list(self))
        return blob

    @classmethod
    def from_map(cls, data: Mapping[str, Any]) -> "LogRow":
        """The inverse of `_asdict`; fields of a later rtd are left out."""
        return cls(**{name: data[name] for name in cls._fields if name in data})

    @classmethod
    def unpack(cls, blob: bytes) -> "LogRow":
        """The inverse of `pack`; fields of a later rtd are left out."""
        return cls(*msgpack.unpackb(blob)[: len(cls._fields)])


class TaskLogEntry(NamedTuple):
    """An entry that a script wrote: a run began (`char` is `r`) or ended.

    `begun`: an earlier entry has its beginning. `attempts` and `end` are empty where the record
    was too long for the entry, or where the run began.
    """

    run_id: str
    task: str
    char: str
    begun: bool
    start_at: float
    now_ms: int
    attempts: tuple[Attempt, ...] = ()
    end: RunEnd | None = None

    @classmethod
    def unpack(cls, blob: bytes) -> "TaskLogEntry":
        """Read an entry; `rtd/store/lua/lib/tasklog.lua` writes it."""
        unpacker = msgpack.Unpacker(strict_map_key=False)
        unpacker.feed(blob)
        run_id, task, char, begun, start_at, now_ms = unpacker.unpack()
        parts: list[Any] = list(unpacker)
        attempts = tuple(map(parse_attempt, parts[0])) if parts else ()
        end = parse_end(parts[1]) if len(parts) > 1 and parts[1] else None
        return cls(run_id, task, char, bool(begun), float(start_at), now_ms, attempts, end)

    def with_record(self, attempts: tuple[Attempt, ...], end: RunEnd | None) -> "TaskLogEntry":
        """Return the entry with the parts of the record that it was too short for."""
        return self._replace(attempts=attempts, end=end)

    @property
    def is_cut(self) -> bool:
        """Whether the run's record was too long for the entry."""
        return self.char != "r" and self.end is None

    def rows(self) -> Iterator[LogRow]:
        """Yield the rows to write, in their order."""
        start_at = self.start_at or (self.attempts[0].started_at if self.attempts else None)
        if self.char == "r" or (not self.begun and start_at is not None):
            yield LogRow(self.task, RUN, self.run_id, start_at, None)
        if self.char != "r":
            end_at = self.end.ended_at if self.end else self.now_ms / 1000
            yield LogRow(
                self.task, ACTION_OF[self.char], self.run_id, start_at, end_at,
                self._exc_text(), self.end.why if self.end else "",
            )  # fmt: skip

    def _exc_text(self) -> str | None:
        """Return the traceback of a failure, or else why it failed."""
        if ACTION_OF[self.char] != FAIL:
            return None
        error = self.attempts[-1].error if self.attempts else None
        if error is not None:
            kind, message, text = error
            return text.rstrip("\n") or f"{kind}: {message}"
        return self.end.why if self.end else ""
