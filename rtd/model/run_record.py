"""One run and its record: what is stored in Redis, byte for byte.

A stored record is one state character (see `parse_states.CHAR`) and then MessagePack of
`[spec, attempts, end]`, where `spec` is itself a packed blob: it never changes after the
submit, so an executor passes it on without packing it again.
"""

from typing import Any, Final, NamedTuple

import msgpack

from rtd.model.run_states import STATE_BY_CHAR, STATE_CHAR, RunState

#: Version of the layout below; the first element of every spec.
RECORD_SCHEMA: Final = 1


class RunSpec(NamedTuple):
    """What was asked for. Written once, at submit.

    `params` is a blob of `values.pack`; `opts` holds the policies that this submit
    overrides (see `policy.Policies.overlay`) and `labels`; `by` says who submitted
    (`uid 1000 (anna) pid 4242`); `key` is the user's own unique id, if any.
    """

    id: str
    task: str
    params: bytes
    lane: str
    queue: str
    priority: int
    submitted_at: float
    opts: dict[str, Any]
    by: str
    key: str | None


class Attempt(NamedTuple):
    """One try of a run.

    `error` is `[type, message, traceback]`; `output` is
    `[file, offset, length, index_length, lost_bytes]` below the output directory;
    `cpu_s` and `peak_bytes` are 0, for not measured, where a task's runs take less than a
    millisecond; `exit` is `[code, signal]` of a command or of an executor that died; `note` is what
    else a person should know (processes left behind and killed, an executor replaced).
    """

    number: int
    started_at: float
    ended_at: float
    state: RunState
    executor: str
    error: list[str] | None
    output: list[Any] | None
    cpu_s: float
    peak_bytes: int
    exit: list[int | None] | None
    note: str | None


class RunEnd(NamedTuple):
    """How the run ended: `by` is who (`task`, `timeout`, `memory limit`, `uid 0 (root)`,
    `kernel`, `rtd`), `why` one sentence, `pids` each process that was ended:
    `[pid, name, how]`. `result` is a blob of `values.pack`, None for the value None.
    """

    ended_at: float
    result: bytes | None
    by: str
    why: str
    pids: list[list[Any]] | None


class RunRecord(NamedTuple):
    """Everything that is known of a run."""

    state: RunState
    spec: RunSpec
    attempts: tuple[Attempt, ...]
    end: RunEnd | None


def pack_spec(spec: RunSpec) -> bytes:
    """The spec as a blob."""
    blob: bytes = msgpack.packb([RECORD_SCHEMA, *spec])
    return blob


def unpack_spec(blob: bytes) -> RunSpec:
    """The inverse of `pack_spec`. Raises ValueError for a schema that is not known."""
    version, *fields = msgpack.unpackb(blob, strict_map_key=False)
    if version != RECORD_SCHEMA:
        raise ValueError(f"a record of schema {version}; this rtd reads schema {RECORD_SCHEMA}")
    return RunSpec(*fields)


def new_record(spec: RunSpec) -> bytes:
    """The stored form of a run that has just been submitted."""
    blob: bytes = b"q" + msgpack.packb([pack_spec(spec), [], None])
    return blob


def pack_end(end: RunEnd) -> bytes:
    """The last element of a stored record of a run that has ended."""
    blob: bytes = msgpack.packb(list(end))
    return blob


def attempt_fields(attempt: Attempt) -> list[Any]:
    """The attempt as it is packed."""
    fields = list(attempt)
    fields[3] = STATE_CHAR[attempt.state]
    return fields


def encode_record(record: RunRecord) -> bytes:
    """The stored form of a record."""
    end = None if record.end is None else list(record.end)
    body: bytes = msgpack.packb(
        [pack_spec(record.spec), [attempt_fields(a) for a in record.attempts], end]
    )
    return STATE_CHAR[record.state].encode() + body


def decode_record(blob: bytes) -> RunRecord:
    """The record of a stored blob. Raises ValueError when it is malformed."""
    try:
        spec_blob, attempts, end = msgpack.unpackb(blob[1:], strict_map_key=False)
        return RunRecord(
            state=STATE_BY_CHAR[chr(blob[0])],
            spec=unpack_spec(spec_blob),
            attempts=tuple(Attempt(*a)._replace(state=STATE_BY_CHAR[a[3]]) for a in attempts),
            end=None if end is None else RunEnd(*end),
        )
    except (KeyError, TypeError, IndexError, msgpack.UnpackException) as error:
        raise ValueError(f"malformed record: {error!r}") from error


def with_end(
    record: RunRecord, state: RunState, end: RunEnd, attempt: Attempt | None = None
) -> RunRecord:
    """The record in its terminal state. An attempt that just ended is added."""
    attempts = record.attempts if attempt is None else (*record.attempts, attempt)
    return record._replace(state=state, attempts=attempts, end=end)


def with_retry(record: RunRecord, attempt: Attempt) -> RunRecord:
    """The record queued once more after an attempt that is to be retried."""
    return record._replace(state=RunState.QUEUED, attempts=(*record.attempts, attempt), end=None)
