"""Fetches from Redis the parameters of runs that are about to start."""

from collections.abc import Sequence

from rtd.executor.core.backend import Backend
from rtd.executor.core.leased_run import LeasedRun
from rtd.store.connection.command import RedisCommand


def fetch_parameters(backend: Backend, works: Sequence[LeasedRun]) -> None:
    """Set `fetched` of each of these runs, in one round trip for all.

    Called by the one thread that uses Redis. Waits for Redis to come back, however long it
    takes, as taking runs does.

    Args:
        works: runs of tasks with a `resolver`.
    """
    calls: list[RedisCommand] = []
    for work in works:
        calls += _lookups(backend, work)
    if not calls:
        return
    replies = iter(backend.execute_all(calls))
    for work in works:
        needs = work.resolver.fetch_keys if work.resolver is not None else ((), ())
        work.fetched = [next(replies) if names else [] for names in needs]


def _lookups(backend: Backend, work: LeasedRun) -> list[RedisCommand]:
    if work.resolver is None:
        return []
    fields, tasks = work.resolver.fetch_keys
    found = [backend.commands.get_params(fields)] if fields else []
    return [*found, backend.commands.get_results(tasks)] if tasks else found
