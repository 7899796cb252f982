"""One leased run inside an executor, and its outcome. The hot path: no dataclasses."""

import time
from collections.abc import Mapping
from typing import Any, Final

import msgpack

from rtd.common.ids import to_words
from rtd.common.text_of import pack_plain
from rtd.model.policies import Policies
from rtd.model.run_record import (
    ATTEMPT_ERROR,
    ATTEMPT_STATE,
    RECORD_SCHEMA,
    RunSpec,
    count_failures,
)
from rtd.model.run_states import STATE_BY_CHAR, STATE_CHAR, RunState
from rtd.session.core.session_state import SessionTask
from rtd.session.core.task_definition import RunParameters, TaskDefinition

_unpackb: Final = msgpack.unpackb
#: Characters of states that a retry may follow.
_RETRIED: Final = frozenset({STATE_CHAR[RunState.ERROR], STATE_CHAR[RunState.EXCEPTION]})
_CANCELLED: Final = STATE_CHAR[RunState.CANCELLED]
_NO_OPTS: Final[dict[str, Any]] = {}
#: Where a packed spec, which begins with its schema, has these fields.
_ID, _TASK, _PARAMS, _SUBMITTED_AT, _OPTS = (
    1 + RunSpec._fields.index(name) for name in ("id", "task", "params", "submitted_at", "opts")
)


class LeasedRun:
    """A run as it was leased.

    What most records do not have is not checked; see `rtd.executor.unreadable_runs`.

    Raises:
        ValueError, TypeError, LookupError: another program, or a later rtd, wrote the record.

    Attributes:
        id_words: the id as the board holds it.
        attempts: the stored fields of earlier attempts.
        attempt_number: of this attempt, from 1.
        has_end_cond: its task has an end condition.
        definition: None for commands and for tasks that this app does not have (any more).
        resolver: finds the parameters that the submit did not give; mostly None.
        fetched: values from Redis for the resolver; None until they were fetched.
    """

    __slots__ = (
        "attempt_number",
        "attempts",
        "definition",
        "fetched",
        "has_end_cond",
        "id",
        "id_words",
        "opts",
        "params",
        "policies",
        "resolver",
        "spec_blob",
        "submitted_at",
        "task",
    )  # fmt: skip

    def __init__(self, record: bytes, tasks: Mapping[str, SessionTask]) -> None:
        # The third part is the end of an ended run, and in a record for a child what was fetched.
        self.spec_blob, self.attempts, self.fetched = _unpackb(
            memoryview(record)[1:], strict_map_key=False
        )
        spec = _unpackb(self.spec_blob, strict_map_key=False)
        if spec[0] != RECORD_SCHEMA:
            raise ValueError(f"a record of schema {spec[0]}; this rtd reads {RECORD_SCHEMA}")
        self.id: str = spec[_ID]
        self.task: str = spec[_TASK]
        self.params: bytes = spec[_PARAMS]
        self.submitted_at: float = spec[_SUBMITTED_AT]
        self.opts: dict[str, Any] = spec[_OPTS] or _NO_OPTS
        if type(self.task) is not str or type(self.params) is not bytes:
            raise ValueError("its task or its params are wrong")
        self.id_words = to_words(self.id)
        self.attempt_number = len(self.attempts) + 1
        task = tasks.get(self.task)
        self.definition: TaskDefinition | None = None
        self.resolver: RunParameters | None = None
        if task is None:
            base = _COMMAND_POLICIES
            self.has_end_cond = False
        else:
            definition = self.definition = task.definition
            self.resolver = definition.resolver
            base = definition.info.policies
            self.has_end_cond = definition.info.schedule.end is not None
        self.policies = base.overlay(self.opts) if self.opts else base

    def to_record(self) -> bytes:
        """Return the record as it was when the run was leased, with the fetched values, for the
        child that carries out the run."""
        return b"q" + pack_plain([self.spec_blob, self.attempts, self.fetched])

    def is_expired(self, now_at: float) -> bool:
        """Return whether it waited longer than its `expires` before its first attempt."""
        limit = self.policies.expires_s
        return limit is not None and not self.attempts and now_at > self.submitted_at + limit


_COMMAND_POLICIES: Final = Policies()


class AttemptOutcome:
    """How one attempt of a run ended; filled in by a lane and its aspects.

    Attributes:
        started_ns: of the monotonic clock.
        elapsed_s: how long the attempt took, once it has ended.
        error_names: names of the failure for `retry_on`; see `Policies.may_retry`.
        requeue: the run was stopped, and goes back to its queue.
        retry_stop: a limit stopped the run, and it is tried again.
    """

    __slots__ = (
        "by",
        "cpu_s",
        "elapsed_s",
        "ended_at",
        "error",
        "error_names",
        "exit",
        "leased_run",
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
        self.requeue = False
        self.retry_stop = False

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
        if self.state != _CANCELLED:
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
    outcome.state, outcome.by, outcome.why = STATE_CHAR[RunState.CANCELLED], "expired", why
    return outcome
