"""Reads the records of runs for one answer, a bounded part of them at a time."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from rtd.model.run_record import RunRecord
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.run_helpers import existing_record

#: Records in one reply of Redis, and the largest of them: 6 MB together at most.
CHUNK: Final = 200
LARGEST_BYTES: Final = 32 << 10


async def read_records(
    context: SupervisorContext, ids: Sequence[str]
) -> AsyncIterator[tuple[str, bytes]]:
    """Yield id and stored record of each run that is there, in this order.

    A record may hold megabytes of parameters and of a result: a large one is read alone, so that
    the memory for an answer does not depend on them.
    """
    calls = context.commands
    for start in range(0, len(ids), CHUNK):
        some = ids[start : start + CHUNK]
        found = await context.execute(calls.get_sized_records(some, LARGEST_BYTES))
        for run_id, one in zip(some, found, strict=True):
            is_large = isinstance(one, int)
            blob = await context.execute(calls.get_record(run_id)) if is_large else one
            if blob is not None:
                yield run_id, blob


async def read_record(context: SupervisorContext, run_id: str) -> tuple[bytes, RunRecord]:
    """Return the record of a run, as it is stored and decoded.

    Raises:
        NoSuchRun: it is not there.
        StoreError: what is there is no record.
    """
    blob: bytes | None = await context.execute(context.commands.get_record(run_id))
    return blob or b"", existing_record(run_id, blob)
