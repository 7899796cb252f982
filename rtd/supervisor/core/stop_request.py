"""A requested stop: stands in Redis beside the run until the run has ended."""

from dataclasses import dataclass
from typing import Any

import msgpack


@dataclass(frozen=True, slots=True)
class Intent:
    """The source of a stop, and the reason.

    Attributes:
        by: `timeout`, `memory limit`, `cpu limit`, `drain`, or the user (`uid 0 (root) ...`).
        why: one sentence.
        at: epoch seconds.
        requeue: queue the run again instead of ending it (a drain, where its policy allows).
        note: a further sentence for the record.
    """

    by: str
    why: str
    at: float
    requeue: bool = False
    note: str | None = None

    def pack(self) -> bytes:
        """Return the stored form; executors read `by`, `why` and `then`."""
        fields: dict[str, Any] = {"by": self.by, "why": self.why, "at": self.at}
        if self.requeue:
            fields["then"] = "requeue"
        if self.note:
            fields["note"] = self.note
        blob: bytes = msgpack.packb(fields)
        return blob

    @classmethod
    def unpack(cls, blob: bytes) -> "Intent":
        """Read the stored form."""
        fields = msgpack.unpackb(blob)
        return cls(
            by=fields["by"],
            why=fields["why"],
            at=float(fields.get("at") or 0.0),
            requeue=fields.get("then") == "requeue",
            note=fields.get("note"),
        )
