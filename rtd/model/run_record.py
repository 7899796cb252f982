"""The record of one run, as Redis holds it byte for byte, and the events of runs.

A stored record is one state character (`rtd.model.run_states.STATE_CHAR`), then MessagePack of
`[spec, attempts, end]`. The `spec` is a packed blob of its own, which an executor passes on without
packing it again: only a reload of the run changes it, and of it only the parameters.

The fields of `RunSpec`, `Attempt` and `RunEnd` are stored by their order. To add one, put it at the
end, with a default: records of earlier releases lack it and get the default, and earlier releases
leave it out. Then set it where its value is known. `tests/golden` has records of every release.
What `show` and the protocol say of an attempt follows from the text in the type of its field.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Final, NamedTuple

import msgpack

from rtd.common.text_of import pack_plain
from rtd.model.internal_tasks import INTERNAL_PREFIX
from rtd.model.run_states import STATE_BY_CHAR, STATE_CHAR, RunState

#: Version of the layout below; the first element of every packed spec. A change that is more
#: than a field at the end needs another number.
RECORD_SCHEMA: Final = 1
#: The option of a submit, and of `RunSpec.opts`, with the headers of the run, texts by name.
HEADERS: Final = "headers"
#: The option of `RunSpec.opts` with the id of the run that `retry` repeats with this one.
RETRY_OF: Final = "retry_of"


class RunSpec(NamedTuple):
    """The run as it was submitted. Only a reload changes it: its parameters.

    `params` is a blob of `rtd.common.msgpack_values.pack`; `opts` holds the policies that this
    submit overrides (`rtd.model.policies.Policies.overlay`), `labels` and `headers`; `by` says who
    submitted (`uid 1000 (anna) pid 4242`); `key` is the user's own name of the run, if any.
    """

    id: str
    task: str
    params: bytes
    lane: str
    queue: str
    priority: int
    submitted_at: float
    opts: dict[str, Any]
    by: str = ""
    key: str | None = None


class Attempt(NamedTuple):
    """One try of a run that is over.

    The fields with a text are those that `show` gives (`rtd.protocol.shapes.ATTEMPT`).

    `output` is `[file, offset, length, index_length, lost_bytes]` below the output directory;
    `cpu_s` and `peak_bytes` are 0, for not measured, where a task's runs take less than a
    millisecond; `exit` is that of a command or of an executor that died; `note` is what else a
    person should know (processes left behind and killed, an executor replaced); `node` is the one
    that carried it out, empty where a lost executor could not record it.
    """

    number: Annotated[int, "1 is the first"]
    started_at: Annotated[float, "epoch seconds"]
    ended_at: Annotated[float, "epoch seconds"]
    state: Annotated[RunState, "how it ended"]
    executor: Annotated[str, "id of the executor that ran it"]
    error: Annotated[list[str] | None, "[type, message, traceback]"] = None
    output: list[Any] | None = None
    cpu_s: Annotated[float, "CPU seconds of its process tree"] = 0.0
    peak_bytes: Annotated[int, "peak resident memory of its process tree"] = 0
    exit: Annotated[list[int | None] | None, "[code, signal]"] = None
    note: Annotated[str | None, "a further remark for people"] = None
    node: str = ""


class RunEnd(NamedTuple):
    """How a run ended.

    `result` is a blob of `rtd.common.msgpack_values.pack`, None for the value None; `by` is who
    ended it (`task`, `timeout`, `memory limit`, `uid 0 (root)`, `kernel`, `rtd`), `why` one
    sentence, `pids` each process that was ended: `[pid, name, how]`.
    """

    ended_at: float
    result: bytes | None = None
    by: str = ""
    why: str = ""
    pids: list[list[Any]] | None = None


class RunRecord(NamedTuple):
    """Everything that is known of a run."""

    state: RunState
    spec: RunSpec
    attempts: tuple[Attempt, ...]
    end: RunEnd | None


#: Where a stored attempt has its state, and its error.
ATTEMPT_STATE: Final = Attempt._fields.index("state")
ATTEMPT_ERROR: Final = Attempt._fields.index("error")
#: Who ended an attempt that was beyond a limit; the type of its error if it is tried again.
LIMIT_NAMES: Final = ("timeout", "memory limit", "cpu limit")
_FAILURES: Final = frozenset({RunState.ERROR, RunState.EXCEPTION})
#: How many fields this release knows: a later one may have stored more.
_SPEC_SIZE: Final = len(RunSpec._fields)
_ATTEMPT_SIZE: Final = len(Attempt._fields)
_END_SIZE: Final = len(RunEnd._fields)


def pack_spec(spec: RunSpec) -> bytes:
    """Return the spec as a blob."""
    blob: bytes = pack_plain([RECORD_SCHEMA, *spec])
    return blob


class UnknownSchema(ValueError):
    """A later version of rtd has written the record."""


def unpack_spec(blob: bytes) -> RunSpec:
    """The inverse of `pack_spec`. Raises UnknownSchema, or any error for what is no spec."""
    version, *fields = msgpack.unpackb(blob, strict_map_key=False)
    if version != RECORD_SCHEMA:
        raise UnknownSchema(f"it has schema {version!r:.40}; this rtd reads schema {RECORD_SCHEMA}")
    return RunSpec(*fields[:_SPEC_SIZE])


def new_record(spec: RunSpec) -> bytes:
    """Return the stored form of a run that has just been submitted."""
    blob: bytes = b"q" + pack_plain([pack_spec(spec), [], None])
    return blob


def pack_end(end: RunEnd) -> bytes:
    """Return the last element of a stored record of a run that has ended."""
    blob: bytes = pack_plain(list(end))
    return blob


def parse_end(fields: list[Any]) -> RunEnd:
    """Return the end of a run from its stored fields."""
    return RunEnd(*fields[:_END_SIZE])


def attempt_fields(attempt: Attempt) -> list[Any]:
    """Return the stored fields of an attempt."""
    fields = list(attempt)
    fields[ATTEMPT_STATE] = STATE_CHAR[attempt.state]
    return fields


def parse_attempt(fields: list[Any]) -> Attempt:
    """The inverse of `attempt_fields`. It changes the list."""
    fields[ATTEMPT_STATE] = STATE_BY_CHAR[fields[ATTEMPT_STATE]]
    return Attempt(*fields[:_ATTEMPT_SIZE])


def encode_record(record: RunRecord) -> bytes:
    """Return the stored form of a record."""
    end = None if record.end is None else list(record.end)
    body: bytes = pack_plain(
        [pack_spec(record.spec), [attempt_fields(a) for a in record.attempts], end]
    )
    return STATE_CHAR[record.state].encode() + body


def decode_record(blob: bytes) -> RunRecord:
    """Return the record of a stored blob. Raises ValueError when it is malformed."""
    try:
        spec_blob, attempts, end = msgpack.unpackb(blob[1:], strict_map_key=False)
        return RunRecord(
            state=STATE_BY_CHAR[chr(blob[0])],
            spec=unpack_spec(spec_blob),
            attempts=tuple(map(parse_attempt, attempts)),
            end=None if end is None else parse_end(end),
        )
    except (KeyError, TypeError, IndexError, msgpack.UnpackException) as error:
        raise ValueError(f"malformed record: {error!r}") from error


def with_end(
    record: RunRecord, state: RunState, end: RunEnd, attempt: Attempt | None = None
) -> RunRecord:
    """Return the record in its terminal state, with the attempt that just ended, if any."""
    attempts = record.attempts if attempt is None else (*record.attempts, attempt)
    return record._replace(state=state, attempts=attempts, end=end)


def with_retry(record: RunRecord, attempt: Attempt) -> RunRecord:
    """Return the record queued once more, after an attempt that is to be retried."""
    return record._replace(state=RunState.QUEUED, attempts=(*record.attempts, attempt), end=None)


def with_params(record: RunRecord, params: bytes | None) -> RunRecord:
    """Return the record with other parameters; None: with its own."""
    return record if params is None else record._replace(spec=record.spec._replace(params=params))


def count_failures(attempts: Iterable[tuple[RunState, list[str] | None]]) -> int:
    """Count the attempts that use up a retry, from the state and the error of each."""
    return sum(
        state in _FAILURES
        or (state is RunState.TERMINATED and error is not None and error[0] in LIMIT_NAMES)
        for state, error in attempts
    )


def pack_events(events: Iterable[list[Any]]) -> bytes:
    """Return one entry of the event stream, without the events of rtd's own runs.

    Args:
        events: `[at, run id, task, what, state, detail]` each; for an attempt that has ended also
            its number, and when it began: None if it never did.

    Returns:
        An empty blob, for no entry, when no event is left.
    """
    public = [event for event in events if event[2][0] != INTERNAL_PREFIX]
    blob: bytes = pack_plain(public) if public else b""
    return blob
