"""Delayed and expiring runs, and pools that grow with what waits."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rtctl import Client
from tests.helpers.daemon import shared_daemon
from tests.helpers.deadline import until
from tests.helpers.running import client, executors, until_running
from tests.helpers.source import PROGRAMS


@pytest.fixture(scope="module")
def rt() -> Iterator[Client]:
    """One daemon for all of these; idle executors leave soon."""
    flags = ["--set", "lanes.process.max=3", "--set", "lanes.process.idle=0.5s"]
    with shared_daemon("supervised:session", flags, cwd=PROGRAMS) as daemon, client(daemon) as rt:
        yield rt


def test_a_delayed_run_starts_when_it_is_due_and_not_before(rt: Client) -> None:
    run = rt.task("add", delay="0.6s").submit(a=1)
    assert run.state == "queued"
    assert run.row["due_at"] is not None
    run.wait(timeout=20)
    waited_s = run.row["started_at"] - run.row["submitted_at"]
    assert 0.55 <= waited_s < 1.5


def test_delayed_runs_start_while_all_executors_are_idle_or_none_lives(rt: Client) -> None:
    runs = [rt.task("main", delay=f"{n / 10}s").submit() for n in (5, 3, 4)]
    rt.wait(runs, timeout=10)
    started = [run.row["started_at"] for run in runs]
    assert started[1] < started[2] < started[0]


def test_a_run_that_waits_too_long_expires(rt: Client) -> None:
    rt.pause_queue("closed")
    run = rt.task("add", queue="closed", expires="0.3s").submit(a=1)
    run.wait(timeout=20)
    assert (run.state, run.row["by"]) == ("cancelled", "expired")
    rt.resume_queue("closed")


def test_a_run_that_has_started_does_not_expire(rt: Client, tmp_path: Path) -> None:
    counter = str(tmp_path / "counter")
    retried = rt.task("third", expires="0.2s", backoff="0.3s", jitter=0).submit(counter=counter)
    long = rt.task("sleep", expires="0.2s").submit(seconds=0.8)
    rt.wait([retried, long], timeout=10)
    assert (retried.state, long.state) == ("succeeded", "succeeded")
    assert retried.result() == 3


def test_a_pool_grows_with_demand_and_shrinks_when_idle(rt: Client) -> None:
    until(lambda: len(executors(rt)) == 1, what="the pool at its minimum")
    runs = [rt.submit("sleep", seconds=600) for _ in range(3)]
    for run in runs:
        until_running(run)
    assert len(executors(rt)) == 3
    waiting = rt.submit("sleep", seconds=0)
    runs[0].kill(grace=1.0)
    waiting.wait(timeout=20)
    for run in runs[1:]:
        run.kill(grace=1.0)
    until(lambda: len(executors(rt)) == 1, what="the pool at its minimum again")


def test_runs_beyond_a_tasks_limit_wait(rt: Client) -> None:
    runs = rt.submit_many("pair", [{"a": n} for n in range(40)])
    assert [run.result() for run in rt.wait(runs, timeout=20)] == list(range(40))


def test_fresh_runs_each_have_a_process_of_their_own(rt: Client) -> None:
    runs = [rt.submit("fresh") for _ in range(12)]
    pids = [run.result() for run in rt.wait(runs, timeout=20)]
    assert len(set(pids)) == 12


def test_a_waiter_is_told_when_its_time_is_over(rt: Client) -> None:
    run = rt.submit("sleep", seconds=600)
    began = time.monotonic()
    with pytest.raises(Exception, match="is not over after"):
        run.wait(timeout=0.3)
    assert 0.3 <= time.monotonic() - began < 10.0
    run.kill(grace=1.0)
