"""Thousands of runs that wait, in one process: started, stopped in one pass, settled at its end."""

import os
import resource
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from rtctl import Client
from rtctl.client.run import Run
from tests.helpers.daemon import Daemon, DaemonMaker, shared_daemon
from tests.helpers.deadline import until
from tests.helpers.running import client, executors

APP = """
import asyncio, socket, threading
from rtd import Session
session = Session({
    "lanes.greenlet.concurrency": COUNT,
    "lanes.async.concurrency": COUNT,
    "lanes.thread.concurrency": 200,
})

def waiting_socket():
    return socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

if GEVENT:
    @session.task(lane="greenlet")
    def greenlet():
        waiting_socket().recv(1)

@session.task(lane="async")
async def coroutine():
    found = waiting_socket()
    found.setblocking(False)
    await asyncio.get_running_loop().sock_recv(found, 1)

@session.task(lane="async")
async def stubborn():
    while True:
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            pass

@session.task(lane="thread")
def thread():
    found = waiting_socket()
    found.settimeout(0.1)
    while True:
        try:
            found.recv(1)
        except TimeoutError:
            pass

"""
#: A descriptor for each, and some for the executor itself.
COUNT = min(5000, resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 500)
try:
    import gevent  # noqa: F401

    HAS_GEVENT = True
except ImportError:
    HAS_GEVENT = False


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the app."""
    folder = tmp_path_factory.mktemp("app")
    text = APP.replace("COUNT", str(COUNT)).replace("GEVENT", str(HAS_GEVENT))
    (folder / "thousands.py").write_text(text)
    return folder


@pytest.fixture(scope="module")
def thousands(folder: Path) -> Iterator[Daemon]:
    # A stop that does not reach its run is seen: the grace is longer than any deadline here.
    with shared_daemon("thousands:session", cwd=folder, flags=["--set", "stop_grace=5m"]) as daemon:
        yield daemon


def running(rt: Client, lane: str) -> int:
    """How many runs go on in the lane."""
    return sum(row["running"] for row in rt.rpc.status()["lanes"] if row["lane"] == lane)


def start(rt: Client, task: str, lane: str, count: int) -> list[Run]:
    """Start so many runs of a task, and wait until all of them go on in one executor."""
    runs = list(rt.submit_many(task, [{}] * count))
    until(lambda: running(rt, lane) >= count, within_s=60, what=f"{count} runs of {task}")
    assert len(executors(rt, lane)) == 1
    return runs


@pytest.mark.parametrize(
    ("task", "lane", "count"),
    [
        pytest.param(
            "greenlet", "greenlet", COUNT,
            marks=pytest.mark.skipif(not HAS_GEVENT, reason="gevent is not installed"),
        ),
        ("coroutine", "async", COUNT),
        ("thread", "thread", 200),
    ],
)  # fmt: skip
def test_one_kill_stops_all_of_them(thousands: Daemon, task: str, lane: str, count: int) -> None:
    with client(thousands) as rt:
        runs = start(rt, task, lane, count)
        (executor,) = executors(rt, lane)
        outcomes = rt.rpc.kill(runs=[run.id for run in runs], grace_s=None, reason="enough")["runs"]
        assert Counter(one["state"] for one in outcomes) == {"terminated": count}
        assert "enough" in runs[-1].refresh().row["why"]
        assert [row["pid"] for row in executors(rt, lane)] == [executor["pid"]], "it goes on"
        assert running(rt, lane) == 0


def test_the_runs_of_an_executor_that_dies_are_all_settled(thousands: Daemon) -> None:
    with client(thousands) as rt:
        runs = start(rt, "coroutine", "async", COUNT)
        (executor,) = executors(rt, "async")
        os.kill(executor["pid"], signal.SIGKILL)
        ended = rt.wait(runs, timeout=60)
        assert Counter(run.state for run in ended) == {"lost": COUNT}


def test_thousands_that_do_not_end_cost_one_executor(thousands: Daemon) -> None:
    with client(thousands) as rt:
        runs = start(rt, "stubborn", "async", COUNT)
        (executor,) = executors(rt, "async")
        outcomes = rt.rpc.kill(runs=[run.id for run in runs], grace_s=1.0, reason="")["runs"]
        assert Counter(one["state"] for one in outcomes) == {"terminated": COUNT}
        assert executor["pid"] not in [row["pid"] for row in executors(rt, "async")]


def test_a_drain_stops_all_of_them_at_once(start_daemon: DaemonMaker, folder: Path) -> None:
    daemon = start_daemon("thousands:session", ["--set", "stop_grace=0s"], folder)
    with client(daemon) as rt:
        start(rt, "coroutine", "async", COUNT)
    assert daemon.stop() == 0
    log = daemon.log.read_text()
    assert f"{COUNT:,} runs are stopped (" in log
    assert log.count(" ended: shut down after ") == 10
    assert f"and {COUNT - 10:,} more runs ended without success: terminated" in log
    assert "could not be stopped" not in log
    assert not daemon.processes()
