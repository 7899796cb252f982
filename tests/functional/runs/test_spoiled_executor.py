"""Tasks that spoil their own process: the record says so, and no other run suffers from it."""

from collections.abc import Iterator

import pytest

from rtctl import Client
from tests.helpers.daemon import Daemon, shared_daemon
from tests.helpers.running import client, note_of
from tests.helpers.source import PROGRAMS

ONE = ("--set", "lanes.process.max=1", "--set", "stop_grace=2s")


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    """A daemon with one process executor at a time."""
    with shared_daemon("spoilers:session", ONE, cwd=PROGRAMS) as daemon:
        yield daemon


@pytest.fixture
def rt(daemon: Daemon) -> Iterator[Client]:
    with client(daemon) as found:
        yield found


@pytest.mark.parametrize("wait_s", [0.0, 0.1])
@pytest.mark.parametrize("lane", ["process", "fresh", "thread", "async"])
def test_a_task_that_closes_rtds_descriptors_is_told_so_and_its_outcome_is_kept(
    rt: Client, lane: str, wait_s: float
) -> None:
    run = rt.submit(f"close-{lane}", wait_s=wait_s).wait(timeout=20)
    assert run.state == "succeeded", run.error
    if lane != "fresh":  # its process has ended with it
        assert "rtd's own file descriptors" in note_of(rt, run)
    assert rt.submit("limits").wait(timeout=20).state == "succeeded"


def test_limits_that_a_task_lowered_are_put_back_after_it(rt: Client) -> None:
    before = rt.submit("limits").wait(timeout=20).result()
    run = rt.submit("lower_soft").wait(timeout=20)
    assert run.result() == before[0], "there is one executor"
    assert note_of(rt, run) == "it has changed its process (limits: put back)"
    assert rt.submit("limits").wait(timeout=20).result() == before


def test_limits_that_each_of_many_short_runs_lowers_are_put_back_each_time(rt: Client) -> None:
    before = rt.submit("limits").wait(timeout=20).result()
    for _ in range(5):
        run = rt.submit("lower_soft").wait(timeout=20)
        assert note_of(rt, run).endswith("(limits: put back)")
        assert rt.submit("limits").wait(timeout=20).result()[1:] == before[1:]


def test_an_executor_whose_limits_cannot_be_put_back_is_replaced(rt: Client) -> None:
    before = rt.submit("limits").wait(timeout=20).result()
    runs = rt.submit_many("lower_for_good", [{}]) + rt.submit_many("limits", [{}] * 20)
    spoiled, *others = [run.wait(timeout=20) for run in runs]
    assert spoiled.state == "succeeded"
    assert "this executor ends" in note_of(rt, spoiled)
    assert all(run.result()[1:] == before[1:] for run in others)
    assert all(run.result()[0] != spoiled.result for run in others)
