"""The runs that have ended, with their results, in parts of an answer."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from rtd.model.run_record import RunRecord, decode_record
from rtd.protocol import frames
from rtd.rpc.core.bad_records import RunRow
from rtd.rpc.core.read_records import read_records
from rtd.rpc.core.run_rows import RunRows
from rtd.store.commands.stored_records import UNREADABLE, readable_record
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.run_helpers import no_such_run, unreadable_run

#: Runs of one part.
_PART_RUNS: Final = 200
#: A larger result is not sent with its run; nor are more of them in one part, or for one request.
_RESULT_BYTES: Final = 64 << 10
_PART_BYTES: Final = 1 << 20
_REQUEST_BYTES: Final = 64 << 20


def names_by_id(targets: Sequence[str], ids: Sequence[str]) -> dict[str, list[str]]:
    """Return the targets that name each run, in their order."""
    names: dict[str, list[str]] = {}
    for target, run_id in zip(targets, ids, strict=True):
        names.setdefault(run_id, []).append(target)
    return names


def result_of(record: RunRecord, row: RunRow) -> dict[str, Any]:
    """Return the answer to `result`; extension types pass through unopened. Raises StoreError."""
    last = record.attempts[-1] if record.attempts else None
    return {
        "id": record.spec.id,
        "state": row["state"],
        "value": _loaded(record),
        "error": last.error if last else None,
        "why": row["why"],
        "exit": last.exit if last else None,
    }


def _loaded(record: RunRecord) -> Any:
    blob = record.end.result if record.end else None
    try:
        return None if blob is None else frames.load(blob)
    except frames.WireError:
        raise unreadable_run(record.spec.id, "its result is malformed") from None


class EndedRuns:
    """The runs of one request, as `EndedRun`.

    Args:
        names: the targets that name each run.
        values: with their results.
    """

    def __init__(
        self, context: SupervisorContext, names: Mapping[str, list[str]], values: bool
    ) -> None:
        self._context = context
        self._names = names
        self._left_bytes = _REQUEST_BYTES if values else 0

    async def parts(self, ids: Sequence[str]) -> AsyncIterator[list[dict[str, Any]]]:
        """Yield runs that have ended, in the order of their ends.

        Raises:
            NoSuchRun: one of them is not there.
        """
        order = await self._in_order(ids) if len(ids) > _PART_RUNS else list(ids)
        for start in range(0, len(order), _PART_RUNS):
            found = await self._read(order[start : start + _PART_RUNS])
            part: list[dict[str, Any]] = []
            size = 0
            for ended, size_bytes in sorted(found, key=lambda one: _ended_at(one[0])):
                if part and size + size_bytes > _PART_BYTES:
                    yield part
                    part, size = [], 0
                part.append(ended)
                size += size_bytes
            yield part

    async def _in_order(self, ids: Sequence[str]) -> list[str]:
        order = []
        async for run_id, blob in read_records(self._context, ids):
            order.append((_end_of(blob), run_id))
        _check_all_there(ids, {run_id for _, run_id in order})
        return [run_id for _, run_id in sorted(order)]

    async def _read(self, ids: Sequence[str]) -> list[tuple[dict[str, Any], int]]:
        rows = RunRows(self._context)
        found: list[tuple[dict[str, Any], int]] = []
        async for run_id, blob in read_records(self._context, ids):
            record = readable_record(run_id, blob)
            row = rows.of_blob(run_id, blob) if record is None else rows.of_record(record)
            result, size = None, 0
            if record is not None and len(blob) <= min(_RESULT_BYTES, self._left_bytes):
                result, size = result_of(record, row), len(blob)
                self._left_bytes -= size
            found.append(({"names": self._names[run_id], "row": row, "result": result}, size))
        _check_all_there(ids, {ended["row"]["id"] for ended, _ in found})
        return found


def _end_of(blob: bytes) -> float:
    """Return when a run ended, of a record that is as we write it."""
    try:
        end = decode_record(blob).end
    except UNREADABLE:
        return 0.0
    return end.ended_at if end is not None else 0.0


def _ended_at(ended: Mapping[str, Any]) -> float:
    at: float | None = ended["row"]["ended_at"]
    return at or 0.0


def _check_all_there(ids: Sequence[str], found: set[str]) -> None:
    missing = next((run_id for run_id in ids if run_id not in found), None)
    if missing is not None:
        raise no_such_run(missing)
