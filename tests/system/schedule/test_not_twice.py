"""Runs of one task side by side or one after the other, however they were started."""

import itertools
import json
import time
from pathlib import Path

import pytest

from rtctl import Client
from rtctl.client.run import Run
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client, until_running

APP = """
import os, time
from rtctl import Client
from rtd import App

app = App(timezone="UTC")

def hold(gate=None):
    while gate and not os.path.exists(gate):
        time.sleep(0.01)

app.task(name="timed", start_cond="never", lane="thread")(hold)
app.task(name="single", overlap=False, lane="thread")(hold)
app.task(name="plain", lane="thread")(hold)
app.task(name="beside", start_cond="never", overlap=True, lane="thread")(hold)
app.task(name="two", start_cond="never", max_concurrency=2, lane="thread")(hold)
app.task(name="first", lane="thread")(hold)

@app.task(start_cond="never")
def nested():
    with Client() as rt:
        rt.submit("nested").wait(60)

app.task(name="follow", start_cond="after task 'first'", lane="thread")(hold)
app.task(name="at_once", start_cond="every 1 hour", lane="thread")(lambda: hold("none"))
"""


@pytest.fixture
def daemon(start_daemon: DaemonMaker, tmp_path: Path) -> Daemon:
    """A daemon with the app above."""
    (tmp_path / "app.py").write_text(APP)
    return start_daemon("app.py", cwd=tmp_path, flags=["--set", "stop_grace=500ms"])


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """The file for which the runs wait."""
    return tmp_path / "gate"


def two_runs(rt: Client, task: str, gate: Path) -> tuple[Run, Run]:
    """The first one goes on, the other one has been queued after it."""
    first = until_running(rt.submit(task, gate=str(gate)))
    return first, rt.submit(task, gate=str(gate))


@pytest.mark.parametrize("task", ["timed", "single"])
def test_a_submit_waits_for_the_run_that_goes_on_and_says_so(
    daemon: Daemon, gate: Path, task: str
) -> None:
    with client(daemon) as rt:
        first, second = two_runs(rt, task, gate)
        reason = (
            f"run {first.id} of {task} is running, and runs of {task} do not overlap"
            " (overlap=True lets them)"
        )
        until(lambda: rt.rpc.show(run=second.id)["waits"] == reason, what="it waits")
        assert reason in daemon.ok("show", second.id)
        assert reason in daemon.ok("why", second.id)
        assert second.refresh().state == "queued"
        gate.touch()
        rt.wait([first, second], timeout=20)
        assert second.row["started_at"] >= first.refresh().row["ended_at"]


@pytest.mark.parametrize("task", ["plain", "beside", "two"])
def test_others_go_on_side_by_side(daemon: Daemon, gate: Path, task: str) -> None:
    with client(daemon) as rt:
        for run in two_runs(rt, task, gate):
            until_running(run)
        gate.touch()


def test_a_submit_waits_for_the_run_that_the_schedule_has_started(daemon: Daemon) -> None:
    with client(daemon) as rt:
        (first,) = until(lambda: rt.ls(task="at_once", state="running"), what="it has started")
        second = rt.submit("at_once")
        until(lambda: first.id in rt.rpc.show(run=second.id)["waits"], what="it waits")
        daemon.ok("kill", first.id)
        until_running(second)


def test_a_due_moment_while_a_submitted_run_goes_on_is_a_miss(daemon: Daemon, gate: Path) -> None:
    with client(daemon) as rt:
        (run,) = [until_running(rt.submit("follow", gate=str(gate)))]
        due_at = rt.submit("first").wait(20).row["ended_at"]
        until(lambda: "running" in str(rt.rpc.why(task="follow")["holds"]), what="it is held")
        assert [one.id for one in rt.ls(task="follow")] == [run.id]
        until(lambda: time.time() > due_at + 1.1, what="the moment from which it is late")
        gate.touch()
        until(lambda: len(rt.ls(task="follow")) == 2, what="the run of the due moment")
    (miss,) = json.loads(daemon.ok("misses", "follow", "-j"))["misses"]
    assert (miss["verdict"], miss["reason"]) == (
        "late", "a run of its own was still going",
    )  # fmt: skip


def test_each_of_several_runs_ends_its_turn(daemon: Daemon) -> None:
    with client(daemon) as rt:
        runs = rt.submit_many("timed", [{} for _ in range(40)])
        ended = rt.wait(runs, timeout=60)
        spans = sorted((run.row["started_at"], run.row["ended_at"]) for run in ended)
    assert all(after[0] >= before[1] for before, after in itertools.pairwise(spans))
    assert {run.state for run in ended} == {"succeeded"}


def test_a_run_that_waits_for_one_of_its_own_task_is_an_error_at_once(daemon: Daemon) -> None:
    with client(daemon) as rt:
        run = rt.submit("nested").wait(20)
        assert run.state == "exception"
        assert "WaitDeadlock" in str(run.error)
