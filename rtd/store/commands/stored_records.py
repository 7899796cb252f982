"""Records as they lie in Redis: another program, or a later version of rtd, may have written them.

One run whose record cannot be read stops nothing else. Where only its state matters it counts as
over (`readable_record`); the executor that takes it, or the supervisor that settles it, ends it as
lost (`lost_record`).
"""

import typing
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

import msgpack

from rtd.common.ids import LENGTH as ID_LENGTH
from rtd.common.ids import time_of
from rtd.common.msgpack_values import pack, unpack
from rtd.model.internal_tasks import INTERNAL_PREFIX
from rtd.model.policies import POLICY_FIELDS, Policies
from rtd.model.run_record import (
    HEADERS,
    RETRY_OF,
    RunEnd,
    RunRecord,
    RunSpec,
    UnknownSchema,
    decode_record,
    encode_record,
    unpack_spec,
)
from rtd.model.run_states import RunState
from rtd.store.commands.keys import SEPARATOR, queue_of

#: What a record that another program has written may raise where it is read.
UNREADABLE: Final = (ValueError, TypeError, AttributeError, LookupError, RecursionError)
#: Stands for a task, a queue or a lane that is not known.
UNKNOWN: Final = "?"
#: The year 9999 in epoch seconds; no date goes further.
_END_AT: Final = 253_402_300_800

Check = Callable[[Any], bool]


def _of(*types: type) -> Check:
    return lambda value: isinstance(value, types)


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and abs(value) < _END_AT


def _is_place(value: Any) -> bool:
    return isinstance(value, str) and value != "" and SEPARATOR not in value


def _list_of(*checks: Check) -> Check:
    """Return a check of a list whose first values are of these kinds."""
    return lambda value: (
        isinstance(value, list)
        and len(value) >= len(checks)
        and all(check(one) for check, one in zip(checks, value, strict=False))
    )


def _optional(check: Check) -> Check:
    return lambda value: value is None or check(value)


_TEXT, _NUMBER, _INT = _of(str), _of(int, float), _of(int)
_EXIT: Final = _optional(_INT)
_PROCESS: Final = _list_of(_INT, _TEXT, _TEXT)
#: By the names of the fields, in their order.
_SPEC_CHECKS: Final[dict[str, Check]] = {
    "id": _TEXT, "task": _TEXT, "params": _of(bytes), "lane": _is_place, "queue": _is_place,
    "priority": _INT, "submitted_at": _is_time, "opts": _of(dict), "by": _TEXT,
    "key": _optional(_TEXT),
}  # fmt: skip
_ATTEMPT_CHECKS: Final[dict[str, Check]] = {
    "number": _INT, "started_at": _is_time, "ended_at": _is_time, "state": _TEXT,
    "executor": _TEXT,
    "error": _optional(_list_of(_TEXT, _TEXT, _TEXT)),
    "output": _optional(_list_of(_TEXT, _INT, _INT, _INT, _INT)),
    "cpu_s": _NUMBER, "peak_bytes": _INT, "exit": _optional(_list_of(_EXIT, _EXIT)),
    "note": _optional(_TEXT), "node": _TEXT,
}  # fmt: skip
_END_CHECKS: Final[dict[str, Check]] = {
    "ended_at": _is_time, "result": _optional(_of(bytes)), "by": _TEXT, "why": _TEXT,
    "pids": _optional(lambda value: isinstance(value, list) and all(map(_PROCESS, value))),
}  # fmt: skip


def _policy_check(hint: Any) -> Check:
    """Return the check of a stored policy with this annotation."""
    kinds = typing.get_args(hint) or (hint,)
    if typing.get_origin(hint) is tuple:
        return lambda value: isinstance(value, list) and all(map(_TEXT, value))
    return _of(*((int, float) if float in kinds else ()), *kinds)


_HINTS: Final = typing.get_type_hints(Policies)
_OPT_CHECKS: Final[dict[str, Check]] = {
    **{name: _policy_check(_HINTS[name]) for name in POLICY_FIELDS},
    "labels": lambda value: isinstance(value, list) and all(map(_TEXT, value)),
    HEADERS: lambda value: (
        isinstance(value, dict) and all(map(_TEXT, value)) and all(map(_TEXT, value.values()))
    ),
    RETRY_OF: _TEXT,
    "max_concurrency": lambda value: value is None or (isinstance(value, int) and value >= 1),
}


def opts_fault(opts: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the options of a submit; None: nothing."""
    for name, value in opts.items():
        check = _OPT_CHECKS.get(name)
        if check is not None and not check(value):
            return f"its option {name} is wrong"
    return None


def _fields_fault(fields: Iterable[Any], checks: Mapping[str, Check]) -> str | None:
    for value, (name, check) in zip(fields, checks.items(), strict=True):
        if not check(value):
            return f"its {name} is wrong"
    return None


def _spec_fault(spec: RunSpec, run_id: str) -> str | None:
    if spec.id != run_id:
        return "it is that of another run"
    return _fields_fault(spec, _SPEC_CHECKS) or opts_fault(spec.opts)


def _record_fault(record: RunRecord, run_id: str) -> str | None:
    """Return what is wrong with a decoded record; None: nothing."""
    fault = _spec_fault(record.spec, run_id)
    for attempt in record.attempts:
        fault = fault or _fields_fault(attempt, _ATTEMPT_CHECKS)
    return fault or (record.end and _fields_fault(record.end, _END_CHECKS))


def parse_record(run_id: str, blob: bytes) -> RunRecord:
    """Return the stored record of a run. Raises ValueError, which says what is wrong with it."""
    if not blob:
        raise ValueError("it is empty or gone")
    try:
        record = decode_record(blob)
        fault = _record_fault(record, run_id)
    except UnknownSchema:
        raise
    except UNREADABLE:
        raise ValueError("it is malformed") from None
    if fault is not None:
        raise ValueError(fault)
    return record


def readable_record(run_id: str, blob: bytes | None) -> RunRecord | None:
    """Return the stored record of a run; None if there is none, or if it cannot be read."""
    try:
        return None if blob is None else parse_record(run_id, blob)
    except ValueError:
        return None


def parse_params(record: RunRecord) -> dict[str, Any]:
    """Return the parameters of a run. Raises ValueError: another program has written them."""
    with suppress(ValueError):
        params = unpack(record.spec.params)
        if isinstance(params, dict):
            return params
    raise ValueError("its params are malformed")


def readable_value(blob: bytes | None) -> Any:
    """Return a stored result or value; None if there is none, or if it cannot be read."""
    with suppress(ValueError):
        return None if blob is None else unpack(blob)
    return None


def unreadable_text(fault: object) -> str:
    """Return what is to be said of a record that cannot be read."""
    return (
        f"its record in Redis cannot be read ({fault}): another program, or a later version of"
        " rtd, has written it"
    )


def lost_record(run_id: str, blob: bytes, task: str, ended_at: float) -> RunRecord:
    """Return the record that ends a run whose stored one cannot be read, and replaces that.

    What its submit has said is kept where it can be read.

    Args:
        task: of the run, if the record does not tell; see `likely_task`.
        ended_at: epoch seconds.
    """
    fault = "it is refused"
    try:
        parse_record(run_id, blob)
    except ValueError as error:
        fault = str(error)
    end = RunEnd(ended_at, None, "rtd", unreadable_text(fault))
    spec = _readable_spec(run_id, blob)
    if spec is None:
        spec = _unknown_spec(run_id, task, min(time_of(run_id), ended_at))
    return RunRecord(RunState.LOST, spec, (), end)


def _unknown_spec(run_id: str, task: str, submitted_at: float) -> RunSpec:
    return RunSpec(run_id, task, pack({}), UNKNOWN, UNKNOWN, 0, submitted_at, {}, UNKNOWN)


def unknown_record_parts() -> tuple[bytes, bytes]:
    """Return what stands before the id, and behind it up to the end, in the stored record of a
    cancelled run of which no more is known."""
    some_id = "0" * ID_LENGTH
    record = RunRecord(RunState.CANCELLED, _unknown_spec(some_id, UNKNOWN, 0.0), (), None)
    head, tail = encode_record(record).split(some_id.encode())
    return head, tail[:-1]  # without the end, one byte for None


def _readable_spec(run_id: str, blob: bytes) -> RunSpec | None:
    try:
        spec = unpack_spec(msgpack.unpackb(blob[1:], strict_map_key=False)[0])
        return None if _spec_fault(spec, run_id) else spec
    except UNREADABLE:
        return None


def likely_task(place_item: str, started: str | None) -> str:
    """Return the task of a run whose record does not tell it.

    Args:
        place_item: where it waited, as a lease has it; "" if that is not known.
        started: its task among the active runs.
    """
    if queue_of(place_item).startswith(INTERNAL_PREFIX):
        return INTERNAL_PREFIX + UNKNOWN
    limited = place_item.split(SEPARATOR, 5)[5:]  # lane, queue, priority, id, limit, task
    return started or (limited[0] if limited else UNKNOWN)
