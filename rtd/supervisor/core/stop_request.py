"""A stop that somebody asked for: kept in Redis beside the run until it has ended."""

from dataclasses import dataclass
from typing import Any

import msgpack


@dataclass(frozen=True, slots=True)
class Intent:
    """Who wants a run to stop, and why.

    Attributes:
        by: `timeout`, `memory limit`, `cpu limit`, `drain`, or who asked (`uid 0 (root) ...`).
        why: one sentence.
        at: epoch seconds.
        requeue: the run is to start anew instead of ending (a drain, where its policy allows).
        note: what else the record is to say about it.
    """

    by: str
    why: str
    at: float
    requeue: bool = False
    note: str | None = None

    def pack(self) -> bytes:
        """As it is stored; executors read `by`, `why` and `then`."""
        fields: dict[str, Any] = {"by": self.by, "why": self.why, "at": self.at}
        if self.requeue:
            fields["then"] = "requeue"
        if self.note:
            fields["note"] = self.note
        blob: bytes = msgpack.packb(fields)
        return blob

    @classmethod
    def unpack(cls, blob: bytes) -> "Intent":
        """The inverse of `pack`."""
        fields = msgpack.unpackb(blob)
        return cls(
            by=fields["by"],
            why=fields["why"],
            at=float(fields.get("at") or 0.0),
            requeue=fields.get("then") == "requeue",
            note=fields.get("note"),
        )
