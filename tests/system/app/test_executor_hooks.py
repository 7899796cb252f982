"""Hooks at the start and at the end of the processes that carry out an app's code."""

import os
import signal
from pathlib import Path

import pytest

from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client, executor_of, executors, kill9, until_running

APP = """
import asyncio, os, sys, time
from contextvars import ContextVar
from pathlib import Path
import rtd
from rtd import Executor, Session, current_run
from rtd.arguments import FuncArg
from rtd.tasks import CommandTask
session = Session()
SEEN = Path("seen")
POOL = ContextVar("pool")

def tell(event, executor):
    try:
        current_run()
        inside = "run"
    except LookupError:
        inside = "-"
    assert executor.session is session and executor.pid == os.getpid() and executor.id
    with SEEN.open("a") as file:
        file.write(f"{event} {executor.lane} {os.getpid()} {inside}\\n")
    print("hook says", event, executor.lane)

@Executor.hook_start
def around(executor):
    os.environ["POOL"] = str(os.getpid())
    POOL.set(executor.lane)
    tell("start", executor)
    yield
    tell("rest", executor)

@Executor.hook_stop()
def leave(executor):
    tell("stop", executor)

def work():
    with SEEN.open("a") as file:
        file.write(f"run {os.environ.get('POOL')} {os.getpid()} {POOL.get('none')}\\n")
    print("task says hello")
    return os.getpid()

session.task(name="process")(work)
session.task(name="fresh", fresh=True)(work)
session.task(name="main", lane="main")(work)
session.task(name="thread", lane="thread")(work)

@session.task(name="async")
async def coroutine():
    return work()

CommandTask(["echo"], name="shell", parameters={"x": FuncArg(work)})

@session.task()
def hold():
    Path("held").touch()
    while not Path("gate").exists():
        time.sleep(0.01)
"""
LANES = ("process", "fresh", "main", "thread", "async", "command")


def seen(folder: Path) -> list[list[str]]:
    path = folder / "seen"
    return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


def of_pid(folder: Path, pid: int) -> list[str]:
    """The events of one process, in their order."""
    return [row[0] for row in seen(folder) if row[2] == str(pid)]


@pytest.mark.parametrize("lane", LANES)
def test_each_lane_calls_its_hooks_around_the_runs_of_a_process(
    start_daemon: DaemonMaker, tmp_path: Path, lane: str
) -> None:
    (tmp_path / "app.py").write_text(APP)
    flags = ["--set", "lanes.process.max=1", "--set", "lanes.command.max=1"]
    daemon = start_daemon("app.py", cwd=tmp_path, flags=flags)
    with client(daemon) as rt:
        task = "shell" if lane == "command" else lane
        runs = [rt.submit(task) for _ in range(2)]
        for run in runs:
            run.wait(20)
            assert run.refresh().state == "succeeded", run.row
        assert all("hook says" not in line for run in runs for line in run.logs())
    assert daemon.stop() == 0
    rows = seen(tmp_path)
    pids = {int(row[2]) for row in rows if row[0] == "run"}
    assert len(pids) == (2 if lane == "fresh" else 1)
    for pid in pids:
        runs_here = ["run"] * (2 // len(pids))
        assert of_pid(tmp_path, pid) == ["start", *runs_here, "stop", "rest"]
    started = {row[2] for row in rows if row[0] == "start" and row[1] == lane}
    assert {str(pid) for pid in pids} <= started
    # What a hook sets is as runs find it, and each process that has started has ended.
    assert {(row[1] == row[2], row[3]) for row in rows if row[0] == "run"} == {(True, lane)}
    assert started == {row[2] for row in rows if row[0] == "rest" and row[1] == lane}
    assert all(row[3] == "-" for row in rows if row[0] != "run")
    log = daemon.log.read_text()
    assert f"hook says start {lane}" in log
    assert f"hook says rest {lane}" in log


def test_the_process_of_the_task_log_has_the_hooks(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    logged = 'Session(scheme=("log_csv",))'
    (tmp_path / "app.py").write_text(APP.replace("Session()", logged, 1))
    daemon = start_daemon("app.py", cwd=tmp_path)
    with client(daemon) as rt:
        rt.submit("process").wait(20)
    assert daemon.stop() == 0
    events = [row[0] for row in seen(tmp_path) if row[1] == "log"]
    assert events == ["start", "stop", "rest"]


def test_a_reload_and_a_recycling_end_processes_with_their_hooks(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(APP)
    flags = ["--set", "lanes.process.max=1", "--set", "lanes.process.max_runs=1"]
    daemon = start_daemon("app.py", cwd=tmp_path, flags=flags)
    with client(daemon) as rt:
        first = rt.submit("process").wait(20).result()
        until(lambda: of_pid(tmp_path, first)[-1] == "rest", what="the end of the recycled one")
        # The supervisor may list the recycled one until it has reaped it.
        [old] = until(
            lambda: [one for one in executors(rt) if one["pid"] != first], what="its successor"
        )
        daemon.ok("reload")
        until(lambda: of_pid(tmp_path, old["pid"])[-1:] == ["rest"], what="the end of the old one")
        assert of_pid(tmp_path, old["pid"]) == ["start", "stop", "rest"]


def test_a_killed_process_calls_no_hook(start_daemon: DaemonMaker, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    daemon = start_daemon("app.py", cwd=tmp_path)
    with client(daemon) as rt:
        run = until_running(rt.submit("hold"))
        pid = executor_of(rt, run)
        kill9(pid)
        run.wait(20)
    assert of_pid(tmp_path, pid) == ["start"]


BAD = """
import os, time
from pathlib import Path
from rtd import Executor, Session
session = Session()

@Executor.hook_{kind}
def bad(executor):
    {body}

@session.task()
def process():
    return os.getpid()

@session.task(fresh=True)
def fresh():
    return os.getpid()
"""
ENDLESS = """while True:
        try:
            time.sleep(600)
        except BaseException:
            pass"""


def fault_of(daemon: Daemon) -> str:
    """The first fault of a hook that `status` lists."""
    with client(daemon) as rt:

        def find() -> str | None:
            faults = rt.rpc.status()["faults"]
            return next((row["message"] for row in faults if row["what"].endswith("bad")), None)

        return str(until(find, what="the fault"))


@pytest.mark.parametrize("kind", ["start", "stop"])
@pytest.mark.parametrize("lane", ["process", "fresh"])
def test_a_hook_that_raises_is_a_fault_and_stops_nothing(
    start_daemon: DaemonMaker, tmp_path: Path, lane: str, kind: str
) -> None:
    text = BAD.format(kind=kind, body=f'assert executor.lane != "{lane}", "no pool"')
    (tmp_path / "app.py").write_text(text)
    daemon = start_daemon("app.py", cwd=tmp_path, flags=["--set", "lanes.process.max_runs=1"])
    with client(daemon) as rt:
        rt.submit(lane).wait(20).result()
    assert fault_of(daemon).startswith("AssertionError: no pool")
    assert daemon.stop() == 0


@pytest.mark.slow
@pytest.mark.parametrize("body", ["time.sleep(600)", ENDLESS], ids=["sleeps", "goes on"])
@pytest.mark.parametrize("lane", ["process", "fresh"])
def test_a_hook_of_the_end_that_hangs_is_cut_short(
    start_daemon: DaemonMaker, tmp_path: Path, lane: str, body: str
) -> None:
    (tmp_path / "app.py").write_text(BAD.format(kind="stop", body=body))
    daemon = start_daemon("app.py", cwd=tmp_path)
    with client(daemon) as rt:
        rt.submit(lane).wait(30).result()
    assert daemon.stop(within_s=15) == 0
    log = daemon.log.read_text()
    assert "hook app.bad: it did not end within 5 s and was cut short" in log
    assert daemon.processes() == []


@pytest.mark.slow
@pytest.mark.parametrize("lane", ["process", "fresh"])
def test_a_hook_of_the_start_that_hangs_does_not_hold_up_the_end(
    start_daemon: DaemonMaker, tmp_path: Path, lane: str
) -> None:
    body = f"Path('begun-' + executor.lane).touch(); {ENDLESS}"
    (tmp_path / "app.py").write_text(BAD.format(kind="start", body=body.replace("; ", "\n    ")))
    daemon = start_daemon("app.py", cwd=tmp_path)
    until((tmp_path / f"begun-{lane}").exists, what="the hook")
    os.kill(daemon.process.pid, signal.SIGTERM)  # type: ignore[union-attr]
    assert daemon.stop(within_s=25) == 0
    assert daemon.processes() == []
