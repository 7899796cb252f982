"""Leased runs whose records cannot be read: they end as lost, and the executor goes on."""

from collections.abc import Sequence

from rtd.common.stdlib.originals import time
from rtd.executor.core.backend import Backend
from rtd.executor.core.leased_run import LeasedRun
from rtd.store.commands.arguments import StoredRun
from rtd.store.commands.stored_records import likely_task, lost_record, opts_fault, parse_record


def check_run(work: LeasedRun, run: StoredRun) -> None:
    """Check what a record holds beside the run itself. Raises ValueError.

    Most runs have neither options nor earlier attempts.
    """
    if work.id != run.id or work.attempts or work.fetched is not None:
        parse_record(run.id, run.record)
    elif work.opts and (fault := opts_fault(work.opts)) is not None:
        raise ValueError(fault)


def end_unreadable(backend: Backend, runs: Sequence[StoredRun]) -> None:
    """End these runs with the next exchange."""
    ids, calls = [run.id for run in runs], backend.commands
    places, tasks = backend.execute_all(
        [calls.get_lease_places(backend.exec_id, ids), calls.get_started_tasks(ids)]
    )
    for run, place_item, task in zip(runs, places, tasks, strict=True):
        record = lost_record(run.id, run.record, likely_task(place_item, task), time.time())
        backend.outcomes.add_record(record)
