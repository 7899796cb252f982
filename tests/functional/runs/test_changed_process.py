"""What a run changes in its process is put back, and no other run and no part of rtd suffers."""

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest

from rtctl import Client
from rtctl.client.run import Run
from tests.helpers.daemon import Daemon, shared_daemon
from tests.helpers.running import client, executors, note_of
from tests.helpers.source import PROGRAMS
from tests.programs.changers import CHANGES

ONE = ("--set", "lanes.process.max=1", "--set", "stop_grace=2s", "--set", "lanes.process.min=1")
#: Only root may do that.
OF_ROOT = {"root", "effective user", "user", "group", "groups", "scheduler"}
POSSIBLE = [what for what in CHANGES if os.geteuid() == 0 or what not in OF_ROOT]
#: No record tells of these: they are no one's business but rtd's.
UNTOLD = {"wakeup", "event loop"}


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    """A daemon with one process executor at a time."""
    with shared_daemon("changers:session", ONE, cwd=PROGRAMS) as daemon:
        yield daemon


@pytest.fixture
def rt(daemon: Daemon) -> Iterator[Client]:
    with client(daemon) as found:
        yield found


def observe(rt: Client) -> dict[str, Any]:
    """Return how a run finds its process."""
    run = rt.submit("observe").wait(timeout=20)
    assert run.state == "succeeded", run.error
    found: dict[str, Any] = run.result()
    return found


@pytest.mark.parametrize("what", POSSIBLE)
def test_a_long_run_finds_the_process_as_if_no_other_had_been_there(rt: Client, what: str) -> None:
    before = observe(rt)
    run = rt.submit("change", what=what, for_s=0.01).wait(timeout=20)
    assert run.state == "succeeded", run.error
    assert observe(rt) == before
    if what not in UNTOLD:
        assert "its process" in note_of(rt, run), note_of(rt, run)


@pytest.mark.parametrize("what", POSSIBLE)
def test_short_runs_change_nothing_for_the_next_long_one(rt: Client, what: str) -> None:
    before = observe(rt)
    runs = [*rt.submit_many("nothing", [{}] * 20), rt.submit("change", what=what)]
    runs += rt.submit_many("nothing", [{}] * 20)
    assert {run.wait(timeout=20).state for run in runs} == {"succeeded"}
    assert observe(rt) == before


@pytest.mark.parametrize("lane", ["process", "thread", "main"])
def test_context_variables_of_one_run_are_no_other_run_s(rt: Client, lane: str) -> None:
    results = [rt.submit(f"count-{lane}").wait(timeout=20).result() for _ in range(6)]
    assert [found for _, found in results] == [0] * 6
    assert len({pid for pid, _ in results}) == 1


def test_an_alarm_of_one_run_meets_no_other(rt: Client) -> None:
    runs: list[Run] = []
    for _ in range(20):
        runs += rt.submit_many("change", [{"what": "alarm"}, {"what": "alarm", "for_s": 0.01}])
        runs += rt.submit_many("nothing", [{}] * 20)
        runs += rt.submit_many("change", [{"what": "wakeup", "for_s": 0.05}])
    assert {run.wait(timeout=30).state for run in runs} == {"succeeded"}


def test_an_idle_executor_outlives_the_alarm_of_its_last_run(rt: Client, daemon: Daemon) -> None:
    run = rt.submit("change", what="alarm").wait(timeout=20)
    time.sleep(0.4)  # the alarm's own 0.2 s must pass: no event tells of one that does not come
    assert [row["pid"] for row in executors(rt)] == [run.result()]


@pytest.mark.parametrize("what", ["stdout", "stderr", "closed stdout", "closed stderr"])
def test_the_output_of_a_run_is_its_own_after_one_that_redirected_its_own(
    rt: Client, what: str
) -> None:
    rt.submit("change", what=what).wait(timeout=20)
    run = rt.submit("say", text="mine").wait(timeout=20)
    assert run.state == "succeeded", run.error
    assert list(run.logs()) == ["mine", "mine"]


def test_runs_behind_a_long_one_do_not_wait_when_it_has_an_alarm_of_its_own(rt: Client) -> None:
    rt.submit_many("nothing", [{}] * 50)
    runs = rt.submit_many("change", [{"what": "wakeup"}] * 30)
    assert all(run.wait(timeout=20).state == "succeeded" for run in runs)
