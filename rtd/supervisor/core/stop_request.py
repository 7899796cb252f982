"""A requested stop: stands in Redis beside the run until the run has ended."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import msgpack

from rtd.common.text_of import pack_plain
from rtd.model.run_record import RunRecord


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
        reload_attempt: the attempt that is stopped, if the run begins again at once; else 0.
        params: for that the new parameters as records hold them; None: as before.
    """

    by: str
    why: str
    at: float
    requeue: bool = False
    note: str | None = None
    retry_attempt: int = 0
    reload_attempt: int = 0
    params: bytes | None = None

    @property
    def goes_on(self) -> bool:
        """Whether the run is not over with the attempt that is stopped."""
        return self.requeue or self._attempt > 0

    @property
    def _attempt(self) -> int:
        """The attempt that this is about; 0: any."""
        return self.retry_attempt or self.reload_attempt

    def holds_for(self, attempt: int) -> bool:
        """Whether this is about that attempt: it stays in Redis until the run is over."""
        return self._attempt in (0, attempt)

    def pack(self) -> bytes:
        """Return the stored form; executors read `by`, `why`, `then`, `attempt` and `params`."""
        fields: dict[str, Any] = {"by": self.by, "why": self.why, "at": self.at}
        if self.requeue:
            fields["then"] = "requeue"
        if self.retry_attempt:
            fields["then"], fields["attempt"] = "retry", self.retry_attempt
        if self.reload_attempt:
            fields["then"], fields["attempt"] = "reload", self.reload_attempt
            fields["params"] = self.params
        if self.note:
            fields["note"] = self.note
        blob: bytes = pack_plain(fields)
        return blob

    @classmethod
    def unpack(cls, blob: bytes) -> "Intent":
        """Read the stored form."""
        fields = msgpack.unpackb(blob)
        then, attempt = fields.get("then"), fields.get("attempt") or 0
        return cls(
            by=fields["by"],
            why=fields["why"],
            at=float(fields.get("at") or 0.0),
            requeue=then == "requeue",
            note=fields.get("note"),
            retry_attempt=0 if then == "reload" else attempt,
            reload_attempt=attempt if then == "reload" else 0,
            params=fields.get("params"),
        )


@dataclass(slots=True, eq=False)
class Stop:
    """One run that is being ended.

    Attributes:
        until: when the grace is over (monotonic seconds); the earliest request counts.
        exec_id: the executor that has the run.
        attempt: the attempt that is being ended; 0: not known yet.
        processes: pid and name of those at and below the executor before the stop.
        unresponsive: the run did not stop within its grace.
        read: the record of the run at the last look, as it is stored and decoded.
    """

    run_id: str
    intent: Intent
    until: float
    task: "asyncio.Task[None] | None" = None
    exec_id: str = ""
    attempt: int = 0
    processes: list[tuple[int, str]] = field(default_factory=list)
    unresponsive: bool = False
    read: tuple[bytes, RunRecord] | None = None
