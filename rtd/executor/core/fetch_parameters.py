"""Looks up what lies in Redis for the parameters of runs that are about to start."""

from collections.abc import Sequence

from rtd.executor.core.backend import Backend
from rtd.executor.core.leased_run import Work
from rtd.store.connection.command import Call


def fetch(backend: Backend, works: Sequence[Work]) -> None:
    """Give each of these runs its `fetched`, in one round trip for all.

    Called by the one thread that speaks to Redis. Waits for Redis to come back, however long
    it takes, as taking runs does.

    Args:
        works: runs of tasks with a `filling`.
    """
    calls: list[Call] = []
    for work in works:
        calls += _lookups(backend, work)
    if not calls:
        return
    replies = iter(backend.ask(calls))
    for work in works:
        needs = work.filling.needs if work.filling is not None else ((), ())
        work.fetched = [next(replies) if names else [] for names in needs]


def _lookups(backend: Backend, work: Work) -> list[Call]:
    if work.filling is None:
        return []
    fields, tasks = work.filling.needs
    found = [backend.calls.params_of(fields)] if fields else []
    return [*found, backend.calls.results_of(tasks)] if tasks else found
