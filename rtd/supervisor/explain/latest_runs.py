"""The latest ended run of each task, and the latest of a task that ended without success.

Redis has the ended runs of each task in the order of their ends, so nothing is searched for.
"""

from collections.abc import Sequence
from typing import Final

from rtd.model.run_record import RunRecord
from rtd.model.run_states import STATE_CHAR, UNSUCCESSFUL
from rtd.store.commands.stored_records import readable_record
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.run_waiters import chunks

#: Among so many of the latest runs of a task one is sought that ended without success.
MAX_SEARCHED: Final = 10_000
#: Records in one reply of Redis.
READ: Final = 50
_CHARS: Final = frozenset(STATE_CHAR[state] for state in UNSUCCESSFUL)


async def latest_ended(context: SupervisorContext, tasks: Sequence[str]) -> dict[str, RunRecord]:
    """Return the records of the latest ended runs of these tasks, by task. Raises StoreGone."""
    tasks_of: dict[str, str] = {}
    calls = context.commands
    for some in chunks(tasks):
        lists = await context.redis.execute_all(
            *[calls.list_done_ids(1, task=task) for task in some]
        )
        tasks_of |= {found[0]: task for task, found in zip(some, lists, strict=True) if found}
    records: dict[str, RunRecord] = {}
    ids = list(tasks_of)
    for start in range(0, len(ids), READ):
        some = ids[start : start + READ]
        blobs = await context.execute(calls.get_records(some))
        for run_id, blob in zip(some, blobs, strict=True):
            record = readable_record(run_id, blob)
            if record is not None:
                records[tasks_of[run_id]] = record
    return records


async def latest_unsuccessful(context: SupervisorContext, task: str) -> RunRecord | None:
    """Return the latest run of a task that ended without success. Raises StoreGone."""
    calls = context.commands
    ids = await context.execute(calls.list_done_ids(MAX_SEARCHED, task=task))
    for some in chunks(ids):
        states = await context.execute(calls.get_states(some))
        for run_id, char in zip(some, states, strict=True):
            if char in _CHARS:
                blob = await context.execute(calls.get_record(run_id))
                record = readable_record(run_id, blob)
                if record is not None:
                    return record
    return None
