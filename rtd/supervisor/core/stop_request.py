"""A requested stop: stands in Redis beside the run until the run has ended."""

from dataclasses import dataclass
from typing import Any

import msgpack

from rtd.common.text_of import pack_plain


@dataclass(frozen=True, slots=True)
class Intent:
    """The source of a stop, and the reason.

    Attributes:
        by: `timeout`, `memory limit`, `cpu limit`, `drain`, or the user (`uid 0 (root) ...`).
        why: one sentence.
        at: epoch seconds.
        requeue: queue the run again instead of ending it (a drain, where its policy allows).
        note: a further sentence for the record.
        retry_attempt: the attempt that is stopped, if the run is tried again after it; else 0.
    """

    by: str
    why: str
    at: float
    requeue: bool = False
    note: str | None = None
    retry_attempt: int = 0

    @property
    def goes_on(self) -> bool:
        """Whether the run is not over with the attempt that is stopped."""
        return self.requeue or self.retry_attempt > 0

    def holds_for(self, attempt: int) -> bool:
        """Whether this is about that attempt: it stays in Redis until the run is over."""
        return self.retry_attempt in (0, attempt)

    def pack(self) -> bytes:
        """Return the stored form; executors read `by`, `why`, `then` and `attempt`."""
        fields: dict[str, Any] = {"by": self.by, "why": self.why, "at": self.at}
        if self.requeue:
            fields["then"] = "requeue"
        if self.retry_attempt:
            fields["then"], fields["attempt"] = "retry", self.retry_attempt
        if self.note:
            fields["note"] = self.note
        blob: bytes = pack_plain(fields)
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
            retry_attempt=fields.get("attempt") or 0,
        )
