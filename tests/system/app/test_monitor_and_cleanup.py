"""rtd's own tasks `rtd/monitor` and `rtd/cleanup`."""

import json
from pathlib import Path

import pytest

from rtctl import Client
from rtctl.client.run import Run
from tests.helpers.daemon import DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.external import ExternalRedis
from tests.helpers.running import client, kill_everything, until_output, until_running

APP = """
import os, time
from rtd import Session
from rtd.cleanup import Cleanup
from rtd.monitor import Monitor
session = Session()
for kind in (Cleanup, Monitor):
    session.add_task(kind, lane='process')

@session.task()
def count(n):
    print("counting", n)
    return n

@session.task()
def fail():
    raise ValueError("so it is")

@session.task()
def hold():
    while True:
        time.sleep(0.05)
"""
HANDLER = """
import json
from pathlib import Path

def store(run_id, task):
    if task["params"].get("n") == 2 and not Path("repaired").exists():
        raise OSError("the archive is full")
    with open("archive", "a") as file:
        picked = {name: task[name] for name in ("task", "state", "params", "result", "why")}
        file.write(json.dumps({"id": run_id, **picked}) + "\\n")
"""


#: The run that holds on is not waited for.
QUICK = ("--set", "stop_grace=1s")


def is_gone(rt: Client, run: Run) -> bool:
    return run.id not in {row.id for row in rt.ls(limit=1000)}


@pytest.mark.parametrize("lane", ["process", "thread"])
def test_cleanup_hands_old_runs_to_a_function_and_removes_them(
    start_daemon: DaemonMaker, tmp_path: Path, lane: str
) -> None:
    (tmp_path / "app.py").write_text(APP.replace("lane='process'", f"lane='{lane}'"))
    (tmp_path / "archive_of.py").write_text(HANDLER)
    daemon = start_daemon("app.py", cwd=tmp_path, flags=QUICK)
    with client(daemon) as rt:
        runs = [rt.submit("count", n=n) for n in range(4)] + [rt.submit("fail")]
        held = until_running(rt.submit("hold"))
        for run in runs:
            run.wait(20)
        cleanup = rt.submit(
            "rtd/cleanup", loop_interval=0.05, task_handler="archive_of:store", keep=0
        )
        until(lambda: all(is_gone(rt, run) for run in runs if run is not runs[2]), what="removals")
        until_output(cleanup, f"run {runs[2].id} is kept: the handler raised OSError: the archive")
        assert not is_gone(rt, runs[2])
        rows = [json.loads(line) for line in (tmp_path / "archive").read_text().splitlines()]
        assert [row["id"] for row in rows] == [run.id for run in runs if run is not runs[2]]
        assert rows[1]["params"] == {"n": 1}
        assert rows[1]["result"] == 1
        assert rows[-1]["state"] == "exception"
        assert "so it is" in rows[-1]["why"]
        (tmp_path / "repaired").touch()
        until(lambda: is_gone(rt, runs[2]), what="the last one")
        until(lambda: "removed" in str(cleanup.refresh().row["progress"]), what="its progress")
        text = "".join(cleanup.logs())
        assert text.count("is kept") == 1, text
        assert held.refresh().state == cleanup.refresh().state == "running"
        cleanup.kill()
        assert cleanup.refresh().state == "terminated"
        assert "after it was killed" not in str(cleanup.row)


def test_cleanup_without_a_handler_goes_by_age(start_daemon: DaemonMaker, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    daemon = start_daemon("app.py", cwd=tmp_path, flags=QUICK)
    with client(daemon) as rt:
        runs = rt.submit_many("count", [{"n": n} for n in range(250)])
        rt.wait(runs, timeout=30)
        young = rt.submit("rtd/cleanup", loop_interval=0.05, keep="1 hour")
        until(lambda: young.refresh().row["progress"], what="a round")
        assert len(rt.ls(task="count", limit=1000)) == 250
        young.kill()
        cleanup = rt.submit("rtd/cleanup", keep="0s")
        until(lambda: not rt.ls(task="count", limit=1000), what="the removal of all")
        assert is_gone(rt, young)
        assert cleanup.refresh().state == "running"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"task_handler": "nowhere:store"},
            "'nowhere:store': there is no module 'nowhere'",
        ),
        ({"task_handler": "os"}, "task_handler 'os': write it as 'module:function'"),
        ({"keep": "soon"}, "rtd/cleanup: keep: "),
    ],
)
def test_wrong_parameters_are_an_error_of_the_run(
    start_daemon: DaemonMaker, tmp_path: Path, params: dict[str, str], message: str
) -> None:
    (tmp_path / "app.py").write_text(APP)
    daemon = start_daemon("app.py", cwd=tmp_path, flags=QUICK)
    with client(daemon) as rt:
        run = rt.submit("rtd/cleanup", **params).wait(20)
        assert run.state == "error"
        assert message in run.row["why"]


def test_records_are_forgotten_by_hand(start_daemon: DaemonMaker, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    daemon = start_daemon("app.py", cwd=tmp_path, flags=QUICK)
    with client(daemon) as rt:
        runs = [rt.submit("count", n=n).wait(20) for n in range(5)]
        other = rt.submit("fail").wait(20)
        held = until_running(rt.submit("hold"))
        assert daemon.ok("forget", runs[0].id) == f"{runs[0].id}\n"
        done = daemon.rtctl("forget", held.id)
        assert done.stderr == f"rtctl: run {held.id} has not ended; `rtctl kill` ends it\n"
        assert done.returncode == 6
        assert is_gone(rt, runs[0])
        printed = daemon.ok("forget", "--before", "0s", "--task", "count").split()
        assert printed == [run.id for run in runs[1:]]
        assert [run.id for run in rt.ls(limit=100)] == [held.id, other.id]
        assert daemon.rtctl("forget", "--task", "count").returncode == 2
        assert daemon.ok("leases").startswith("1 lease, 0 stale")


def test_the_monitor_tells_of_the_runs_of_a_node_that_is_gone(
    start_daemon: DaemonMaker, tmp_path: Path, external: ExternalRedis
) -> None:
    (tmp_path / "app.py").write_text(APP)
    nodes = []
    for name in ("one", "two"):
        flags = [*QUICK, "--set", f"redis={external.url}", "--set", f"node={name}"]
        flags += ["--set", "lanes.process.max=1"]  # each has one of the two runs
        nodes.append(start_daemon("app.py", cwd=tmp_path, flags=flags))
    one, two = nodes
    with client(two) as rt:
        held = until_running(rt.submit("hold"))
        if held.refresh().row["pid"] is None:  # the other node has it, so that is the one that goes
            one, two = two, one
    with client(one) as rt:
        monitor = rt.submit("rtd/monitor", loop_interval=0.1, task_timeout=0)
        until(lambda: monitor.refresh().row["progress"], what="a check")
        assert monitor.row["progress"]["text"] == "2 leases, 0 stale"
        kill_everything(two)
        until_output(monitor, f"run {held.id} is stale: node ")
        until_output(monitor, f"run {held.id}: the daemon was asked to settle it")
        until(lambda: rt.get(held.id).state == "lost", within_s=60, what="it is settled")
        until_output(monitor, f"run {held.id} is settled: lost")
        monitor.kill()
        assert monitor.refresh().state == "terminated"
