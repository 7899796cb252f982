"""How often a client with only Redis waits for it."""

from typing import Any

import pytest

from rtctl import Client
from rtd.common.errors import ParameterError
from rtd.redis_client import task_directory
from rtd.redis_client.connections import RedisConnections
from rtd.store.commands.commands import StoreCommands
from rtd.store.connection.blocking import RedisConnection
from rtd.store.connection.command import RedisCommand
from tests.helpers.daemon import DaemonMaker
from tests.helpers.external import ExternalRedis
from tests.helpers.source import PROGRAMS


def test_submits_that_follow_each_other_take_one_trip_each(
    start_daemon: DaemonMaker, external: ExternalRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_daemon("jobs:session", cwd=PROGRAMS, flags=["--redis", external.url])
    now, trips = [1000.0], []
    monkeypatch.setattr(task_directory, "monotonic", lambda: now[0])
    execute_all = RedisConnections.execute_all

    async def counted(links: RedisConnections, *calls: RedisCommand) -> list[Any]:
        trips.append(calls)
        return await execute_all(links, *calls)

    monkeypatch.setattr(RedisConnections, "execute_all", counted)
    with Client(external.url) as rt, RedisConnection.connect(external.url) as link:

        def trips_of_submit() -> int:
            trips.clear()
            rt.submit("add", a=1)
            return len(trips)

        assert trips_of_submit() == 3, "the count, the manifests, the run"
        for _ in range(5):
            now[0] += 0.7 * task_directory.VALID_S
            assert trips_of_submit() == 1
        now[0] += 20 * task_directory.VALID_S
        assert trips_of_submit() == 1, "also after a pause"
        link.execute(RedisCommand(("INCR", f"{StoreCommands('rtd').prefix}manifests_count")))
        assert trips_of_submit() == 4, "Redis refuses it; then the count, the manifests, the run"
        assert trips_of_submit() == 1
        with pytest.raises(ParameterError, match="does not take 'c'"):
            rt.submit("add", a=1, c=2)
        assert rt.submit("add", a=1, b=2).result(timeout=20) == 3
