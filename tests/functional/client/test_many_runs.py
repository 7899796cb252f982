"""Many runs: waiting for them, taking them as they end, and their results."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rtctl import AsyncClient, Client, RunFailed, WaitTimeout
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.external import ExternalRedis
from tests.helpers.running import client, restart_supervisor, until_running
from tests.helpers.source import PROGRAMS

COUNT = 1500


@pytest.fixture(params=["socket", "redis"])
def rt(request: pytest.FixtureRequest, jobs: Daemon) -> Iterator[Client]:
    """A client of a daemon, or of nothing but its Redis."""
    if request.param == "socket":
        with Client(jobs.socket) as found:
            yield found
        return
    start: DaemonMaker = request.getfixturevalue("start_daemon")
    external: ExternalRedis = request.getfixturevalue("external")
    start("jobs:session", cwd=PROGRAMS, flags=["--redis", external.url])
    with Client(external.url) as found:
        yield found


@pytest.fixture
def gates(tmp_path: Path) -> Iterator[list[Path]]:
    """Two files that `hold` waits for; they come at the end at the latest."""
    paths = [tmp_path / "first", tmp_path / "second"]
    yield paths
    for path in paths:
        path.touch()


def forbid_requests(rt: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every further request of a client fail."""

    def refuse(*_: Any) -> None:
        raise AssertionError("a request")

    monkeypatch.setattr(rt._pool, "call", refuse)
    monkeypatch.setattr(rt._pool, "stream", refuse)
    rt.rpc._call = refuse  # type: ignore[assignment]


def test_runs_come_as_they_end_and_their_results_with_them(
    rt: Client, gates: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (rt.submit("hold", gate=str(gate)) for gate in gates)
    failed = rt.submit("refuse", why="no ink")
    coming = rt.as_completed([first, second, failed], timeout=30)
    assert next(coming) is failed
    gates[1].touch()
    assert next(coming) is second
    gates[0].touch()
    assert list(coming) == [first]
    assert (first.ok, second.ok, failed.ok) == (True, True, False)
    forbid_requests(rt, monkeypatch)
    assert (first.result(), second.state) == ("released", "succeeded")
    with pytest.raises(RunFailed, match="no ink"):
        failed.result()
    assert list(rt.as_completed([first, second, failed])) == [failed, second, first]


def test_thousands_of_results_need_no_request_each(
    rt: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = rt.submit_many("add", [{"a": n} for n in range(COUNT)])
    found = list(rt.as_completed(runs, timeout=60))
    assert {run.id for run in found} == {run.id for run in runs}
    more = rt.submit_many("add", [{"a": n} for n in range(COUNT)])
    assert rt.wait(more, timeout=60) == more
    forbid_requests(rt, monkeypatch)
    assert rt.results(runs) == rt.results(more) == list(range(COUNT))


def test_a_wait_that_takes_too_long_says_what_is_not_over(rt: Client, gate: Path) -> None:
    runs = [*rt.submit_many("add", [{"a": 1}] * 5), rt.submit("hold", gate=str(gate))]
    for run in rt.wait(runs[:5], timeout=30):
        assert run.ok
    again = [rt.get(run.id) for run in runs]
    text = f"5 of 6 runs are over after 300ms; {runs[5].id} is not, and it continues"
    for wait in (rt.wait, rt.results, lambda *args: list(rt.as_completed(*args))):
        with pytest.raises(WaitTimeout) as caught:
            wait(again, 0.3)
        assert str(caught.value) == text
        assert caught.value.pending == [runs[5]]
        assert sorted(run.id for run in caught.value.done) == sorted(run.id for run in runs[:5])
    assert all(run.ended for run in again[:5])
    with pytest.raises(WaitTimeout, match=f"run {runs[5].id} is not over") as caught:
        rt.wait(runs[5], timeout=0.2)
    assert caught.value.pending == [runs[5]]
    gate.touch()
    assert rt.wait(runs[5].id, timeout=20)[0].ok


def test_any_gives_those_that_are_over(rt: Client, gate: Path) -> None:
    held, other = rt.submit("hold", gate=str(gate)), rt.submit("add", a=1)
    assert rt.wait([held, other], timeout=20, any=True) == [other]
    assert not held.ok
    gate.touch()
    assert rt.wait(held, timeout=20) == [held]
    assert held.ok
    assert rt.wait([]) == []


def test_a_large_result_is_fetched_alone(rt: Client) -> None:
    runs = rt.submit_many("echo", [{"value": "x" * size} for size in (10, 100_000, 20)])
    assert [len(found) for found in rt.results(runs, timeout=20)] == [10, 100_000, 20]


def test_the_same_with_asyncio(jobs: Daemon, gates: list[Path]) -> None:
    async def work() -> None:
        async with AsyncClient(jobs.socket) as rt:
            first, second = [await rt.submit("hold", gate=str(gate)) for gate in gates]
            coming = rt.as_completed([first, second], timeout=30)
            gates[1].touch()
            assert await anext(coming) is second
            with pytest.raises(WaitTimeout, match="1 of 2 runs is over") as caught:
                await rt.wait([first, second], timeout=0.2)
            assert caught.value.pending == [first]
            gates[0].touch()
            assert [run async for run in coming] == [first]
            assert first.ok
            assert await rt.results([first, second]) == ["released"] * 2
            runs = await rt.submit_many("add", [{"a": n} for n in range(300)])
            assert await rt.results(runs, timeout=30) == list(range(300))

    asyncio.run(work())


def test_a_restart_of_the_daemon_is_waited_out(start_daemon: DaemonMaker, gate: Path) -> None:
    daemon = start_daemon("jobs:session", cwd=PROGRAMS)
    with client(daemon) as rt:
        early, late = rt.submit("add", a=1), until_running(rt.submit("hold", gate=str(gate)))
        coming = rt.as_completed([early, late], timeout=60)
        assert next(coming) is early
        found: list[Any] = []
        thread = threading.Thread(target=lambda: found.extend(coming))
        thread.start()
        restart_supervisor(daemon)
        gate.touch()
        thread.join(30)
        assert found == [late]
        assert late.result() == "released"


def test_the_command_says_how_many_are_over(jobs: Daemon, gate: Path) -> None:
    with Client(jobs.socket) as rt:
        runs = [rt.submit("add", a=1), rt.submit("hold", gate=str(gate))]
        runs[0].wait(20)
        found = jobs.rtctl("wait", *[run.id for run in runs], "--timeout", "200ms")
        assert (found.returncode, found.stdout) == (124, "")
        text = f"1 of 2 runs is over after 200ms; {runs[1].id} is not, and it continues"
        assert text in found.stderr
        gate.touch()
