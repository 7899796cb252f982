"""One leased run inside an executor, and its outcome. The hot path: no dataclasses."""

from collections.abc import Mapping
from typing import Any, Final

import msgpack

from rtd.common.ids import to_words
from rtd.common.text_of import pack_plain
from rtd.model.policies import Policies
from rtd.model.run_record import (
    RECORD_SCHEMA,
    RunSpec,
)
from rtd.model.run_states import STATE_CHAR, RunState
from rtd.session.core.session_state import SessionTask
from rtd.session.core.task_definition import RunParameters, TaskDefinition

_unpackb: Final = msgpack.unpackb
#: Characters of states that a retry may follow.
_RETRIED: Final = frozenset({STATE_CHAR[RunState.ERROR], STATE_CHAR[RunState.EXCEPTION]})
_CANCELLED: Final = STATE_CHAR[RunState.CANCELLED]
_NO_OPTS: Final[dict[str, Any]] = {}
#: Stands in the place of the state in the record for a child.
_TELL_LATER: Final = b"l"
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
        deliver_later: the middleware hears of this attempt when it is in the record, because it has
            not heard of an earlier one yet.
    """

    __slots__ = (
        "attempt_number",
        "attempts",
        "definition",
        "deliver_later",
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
        self.deliver_later = False
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
        mark = _TELL_LATER if self.deliver_later else b"q"
        return mark + pack_plain([self.spec_blob, self.attempts, self.fetched])

    @classmethod
    def from_record(cls, record: bytes, tasks: Mapping[str, SessionTask]) -> "LeasedRun":
        """The inverse of `to_record`."""
        work = cls(record, tasks)
        work.deliver_later = record[:1] == _TELL_LATER
        return work

    @property
    def has_middleware(self) -> bool:
        """Whether middleware hears how it ends."""
        return self.definition is not None and self.definition.middleware is not None

    def replace_params(self, params: bytes) -> None:
        """Let the next attempts have other parameters."""
        spec = _unpackb(self.spec_blob, strict_map_key=False)
        spec[_PARAMS] = params
        self.spec_blob = pack_plain(spec)

    def is_expired(self, now_at: float) -> bool:
        """Return whether it waited longer than its `expires` before its first attempt."""
        limit = self.policies.expires_s
        return limit is not None and not self.attempts and now_at > self.submitted_at + limit


_COMMAND_POLICIES: Final = Policies()
