"""How one attempt of a run ended. The hot path: no dataclasses."""

from typing import Any, Final, Literal

from rtd.common.stdlib.originals import time
from rtd.common.text_of import pack_plain
from rtd.executor.core.leased_run import LeasedRun
from rtd.model.run_record import ATTEMPT_ERROR, ATTEMPT_STATE, count_failures
from rtd.model.run_states import STATE_BY_CHAR, STATE_CHAR, RunState

#: Characters of states that a retry may follow.
_RETRIED: Final = frozenset({STATE_CHAR[RunState.ERROR], STATE_CHAR[RunState.EXCEPTION]})


class AttemptOutcome:
    """How one attempt of a run ended; filled in by a lane and its aspects.

    Attributes:
        started_ns: of the monotonic clock.
        elapsed_s: how long the attempt took, once it has ended.
        error_names: names of the failure for `retry_on`; see `Policies.may_retry`.
        requeue: the run was stopped, and goes back to its queue: `a` to its end, `h` to its head;
            empty: it does not.
        retry_stop: a limit stopped the run, and it is tried again.
        middleware: of this attempt (`rtd.session.middleware.chain.MiddlewareRun`); None without.
        has_begun: the run was carried out; else it is over without an attempt.
        is_delivered: the task's code has ended, `state` says how, and the middleware hears of it.
    """

    __slots__ = (
        "by",
        "cpu_s",
        "elapsed_s",
        "ended_at",
        "error",
        "error_names",
        "exit",
        "has_begun",
        "is_delivered",
        "leased_run",
        "middleware",
        "note",
        "output",
        "peak_bytes",
        "pids",
        "requeue",
        "result",
        "retry_stop",
        "started_at",
        "started_ns",
        "state",
        "why",
    )  # fmt: skip

    def __init__(self, work: LeasedRun) -> None:
        self.leased_run = work
        self.started_at = self.ended_at = time.time()
        self.started_ns = time.monotonic_ns()
        self.elapsed_s = 0.0
        self.state = "s"
        self.result: bytes | None = None
        self.error: list[str] | None = None
        self.error_names: tuple[str, ...] = ()
        self.by = "task"
        self.why = ""
        self.pids: list[list[Any]] | None = None
        self.exit: list[int | None] | None = None
        self.note: str | None = None
        self.output: list[Any] | None = None
        self.cpu_s = 0.0
        self.peak_bytes = 0
        self.requeue: Literal["", "a", "h"] = ""
        self.retry_stop = False
        self.middleware: Any = None
        self.is_delivered = False
        self.has_begun = True

    def end(self) -> None:
        """Set the end of the attempt to now."""
        self.elapsed_s = (time.monotonic_ns() - self.started_ns) / 1e9
        self.ended_at = self.started_at + self.elapsed_s

    def retry_wait_s(self) -> float | None:
        """Return the seconds until the next attempt; None when this one was the last."""
        if self.requeue:
            return 0.0
        if self.state not in _RETRIED and not self.retry_stop:
            return None
        policies = self.leased_run.policies
        if not policies.retries:
            return None
        failed = 1 + count_failures(
            (STATE_BY_CHAR[attempt[ATTEMPT_STATE]], attempt[ATTEMPT_ERROR])
            for attempt in self.leased_run.attempts
        )
        if self.retry_stop:
            self.error = [self.by, self.why, ""]
        elif failed > policies.retries or not policies.may_retry(self.error_names):
            return None
        from random import random  # lazy: each fork would give it another seed

        return policies.next_wait_s(failed, random)

    def forget_failure(self) -> None:
        """Make the attempt a success, without a result."""
        self.state, self.why, self.by = "s", "", "task"
        self.error, self.error_names = None, ()

    def add_note(self, text: str) -> None:
        """Add something that a person should know of this attempt."""
        self.note = f"{self.note}; {text}" if self.note else text

    def attempt_fields(self, executor: str, node: str) -> list[Any]:
        """Return the stored fields of this attempt, in the order of
        `rtd.model.run_record.Attempt`; a list literal is the fastest way."""
        return [
            self.leased_run.attempt_number, self.started_at, self.ended_at, self.state, executor,
            self.error, self.output, self.cpu_s, self.peak_bytes, self.exit, self.note, node,
        ]  # fmt: skip

    def record(self, executor: str, node: str, again: bool) -> bytes:
        """Return the stored record of the run after this attempt."""
        work = self.leased_run
        attempts = work.attempts
        if self.has_begun:
            attempts = [*attempts, self.attempt_fields(executor, node)]
        if again:
            return b"q" + pack_plain([work.spec_blob, attempts, None])
        end = [self.ended_at, self.result, self.by, self.why, self.pids]
        return self.state.encode() + pack_plain([work.spec_blob, attempts, end])


def refused_outcome(work: LeasedRun, why: str) -> AttemptOutcome:
    """Return the outcome of a run that this daemon's settings do not allow."""
    outcome = AttemptOutcome(work)
    outcome.state, outcome.why = STATE_CHAR[RunState.ERROR], why
    outcome.error = ["NotPermitted", why, ""]
    return outcome


def expired_outcome(work: LeasedRun, why: str) -> AttemptOutcome:
    """Return the outcome of a run that will not be started."""
    outcome = AttemptOutcome(work)
    outcome.has_begun = False
    outcome.state, outcome.by, outcome.why = STATE_CHAR[RunState.CANCELLED], "expired", why
    return outcome
