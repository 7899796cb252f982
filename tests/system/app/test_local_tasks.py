"""Local tasks: one run of each goes on, on each node that serves the app."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from rtctl import Client
from rtctl.client.run import Run
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.external import ExternalRedis
from tests.helpers.running import client, executor_of, kill9, restart_supervisor

APP = """
import asyncio, os, sys, time
from pathlib import Path
from rtd import Session
from rtd.tasks import CommandTask
session = Session()

@session.task(on_lost="requeue")
def process(word="a"):
    print("serving", word, flush=True)
    while True:
        time.sleep(0.05)

@session.task(lane="thread")
def thread():
    while True:
        time.sleep(0.01)

@session.task(lane="main")
def main():
    while True:
        time.sleep(0.05)

@session.task(name="async")
async def coroutine():
    await asyncio.sleep(600)

CommandTask(["sleep", "600"], name="sleep")

@session.task()
def short():
    raise RuntimeError("so soon")

@session.task()
def where():
    return os.environ["SHARED_NODE"]

STARTS
"""
ALIVE = ["queued", "running"]


def write(folder: Path, *starts: str, text: str = APP) -> None:
    lines = "\n".join(f"session.start_local_task({start})" for start in starts)
    (folder / "app.py").write_text(text.replace("STARTS", lines))


def alive(rt: Client, task: str = "process") -> list[Run]:
    return rt.ls(task=task, state=ALIVE)


def running(rt: Client, task: str = "process") -> Run:
    """The one run of a local task, once it runs."""

    def find() -> Run | None:
        found = alive(rt, task)
        assert len(found) <= 1, found
        return found[0] if found and found[0].state == "running" else None

    return until(find, what=f"{task} runs")  # type: ignore[return-value]


def ended(rt: Client, run: Run, state: str = "terminated") -> None:
    until(lambda: rt.get(run.id).state == state, what=f"{run} is {state}")


@pytest.mark.parametrize("task", ["process", "thread", "main", "async", "sleep"])
def test_a_local_task_goes_on_in_each_lane(
    start_daemon: DaemonMaker, tmp_path: Path, task: str
) -> None:
    write(tmp_path, repr(task))
    daemon = start_daemon("app.py", cwd=tmp_path, flags=["--set", "stop_grace=60s"])
    with client(daemon) as rt:
        first = running(rt, task)
        # A killed run ends, and another one takes its place.
        daemon.ok("kill", first.id)
        ended(rt, first)
        assert running(rt, task).id != first.id
    # The end of the daemon does not wait for a run that goes on for ever, nor says that it does.
    done = daemon.rtctl("shutdown")
    assert (done.returncode, done.stderr) == (0, "")
    assert daemon.process is not None
    assert daemon.process.wait(10) == 0
    assert "to finish" not in daemon.log.read_text()
    assert daemon.processes() == []


def test_a_local_task_cannot_be_disabled_and_the_error_says_why(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    write(tmp_path, "'sleep'")
    daemon = start_daemon("app.py", cwd=tmp_path)
    done = daemon.rtctl("disable", "sleep")
    assert done.returncode == 6
    assert "is a local task: a run of it goes on as long as the app is served" in done.stderr
    assert "it runs when submitted" in daemon.rtctl("disable", "short").stderr


def test_a_task_that_ends_soon_is_started_again_after_a_growing_wait_and_told_once(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    write(tmp_path, "'short'")
    daemon = start_daemon("app.py", cwd=tmp_path)
    with client(daemon) as rt:
        runs = until(lambda: len(found := rt.ls(task="short")) >= 3 and found, what="three runs")
        began = sorted(run.row["submitted_at"] for run in runs)
        assert began[1] - began[0] >= 1.0
        assert began[2] - began[1] >= 2.0
        faults = [row for row in rt.rpc.status()["faults"] if row["what"] == "short"]
    assert len(faults) == 1
    assert "local task: run " in faults[0]["message"]
    assert "so soon" in faults[0]["message"]
    assert faults[0]["message"].endswith(
        "it is started again, after 1.0s, growing to 1m00s while it ends so soon"
    )
    assert daemon.log.read_text().count("local task: ") == 1
    with client(daemon) as rt:

        def wait() -> Any:
            found = rt.rpc.why(task="short")
            return found["next_at"] and found

        told = until(wait, what="a wait")
        assert [hold["kind"] for hold in told["holds"]] == ["failing"]
        assert told["next_text"].startswith("it starts again 2")


def test_a_fault_ends_when_the_next_run_goes_on(start_daemon: DaemonMaker, tmp_path: Path) -> None:
    write(tmp_path, "'process'")
    daemon = start_daemon("app.py", cwd=tmp_path)
    with client(daemon) as rt:
        first = running(rt)
        told = rt.rpc.why(task="process")
        assert [(hold["kind"], hold["run"]) for hold in told["holds"]] == [("running", first.id)]
        assert told["next_text"] == "it is a local task: when its run ends, another starts"
        daemon.ok("kill", first.id)
        until(lambda: rt.rpc.status()["faults"], what="a fault")
        assert daemon.rtctl("status").returncode == 3
        assert running(rt).id != first.id
        until(lambda: not rt.rpc.status()["faults"], what="no fault")
        assert daemon.ok("status")
        daemon.ok("kill", running(rt).id)
        until(lambda: daemon.log.read_text().count("local task: ") == 2, what="the next fault")


def test_a_killed_supervisor_is_followed_by_one_that_starts_no_second_run(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    write(tmp_path, "'process'")
    daemon = start_daemon("app.py", cwd=tmp_path)
    with client(daemon) as rt:
        first = running(rt)
    restart_supervisor(daemon)
    with client(daemon) as rt:
        assert running(rt).id == first.id
        # Nothing is left to be done: it is this run whose end is followed by the next.
        kill9(executor_of(rt, rt.get(first.id)))
        ended(rt, first, "lost")
        second = running(rt)
        assert len(rt.ls(task="process")) == 2
        pid = executor_of(rt, second)
    # Its end while no supervisor runs is seen by the next one.
    restart_supervisor(daemon, lambda: kill9(pid))
    with client(daemon) as rt:
        until(lambda: [run.id for run in alive(rt)] not in ([], [second.id]), what="the third")
        assert len(alive(rt)) == 1


def test_a_drained_daemon_starts_anew(start_daemon: DaemonMaker, tmp_path: Path) -> None:
    write(tmp_path, "'process'")
    daemon = start_daemon("app.py", cwd=tmp_path)
    with client(daemon) as rt:
        first = running(rt)
    assert daemon.stop(within_s=10) == 0
    daemon.start()
    with client(daemon) as rt:
        assert running(rt).id != first.id
        before = rt.get(first.id)
        assert before.state == "terminated"
        assert before.row["by"] == "drain"
        assert not rt.rpc.status()["faults"]


def test_a_reload_replaces_what_has_changed_and_leaves_the_rest(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    write(tmp_path, "'process', word='one'", "'main'", "'sleep'")
    daemon = start_daemon("app.py", cwd=tmp_path)
    with client(daemon) as rt:
        before = {task: running(rt, task) for task in ("process", "main", "sleep")}
        write(tmp_path, "'process', word='two'", "'main'", text="import json\n" + APP)
        daemon.ok("reload")
        ended(rt, before["process"])
        ended(rt, before["sleep"])
        assert rt.get(before["process"].id).row["why"].startswith("the app was reloaded")
        after = running(rt)
        until(lambda: "serving two" in "".join(after.logs()), what="new data")
        assert running(rt, "main").id == before["main"].id
        assert not alive(rt, "sleep")
        write(tmp_path, "'process', word='two'", text=APP.replace("serving", "still serving"))
        daemon.ok("reload")
        ended(rt, after)
        ended(rt, before["main"])
        last = running(rt)
        until(lambda: "still serving two" in "".join(last.logs()), what="new code")
        assert not rt.rpc.status()["faults"]


def test_a_daemon_that_ends_when_idle_starts_no_local_task(
    prepare_daemon: DaemonMaker, tmp_path: Path
) -> None:
    write(tmp_path, "'process'", "'sleep'")
    daemon = prepare_daemon("app.py", cwd=tmp_path)
    done = subprocess.run(
        ["rtd", "run", "app.py", "--until-idle"], cwd=tmp_path, env=daemon.env,
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert " 0 runs" in done.stderr
    assert daemon.processes() == []


def test_each_of_two_nodes_has_one(
    start_daemon: DaemonMaker, tmp_path: Path, external: ExternalRedis
) -> None:
    write(tmp_path, "'process'", "'thread'")
    nodes = []
    for name in ("one", "two"):
        flags = ["--set", f"redis={external.url}", "--set", f"node={name}"]
        nodes.append(start_daemon("app.py", cwd=tmp_path, flags=flags, env={"SHARED_NODE": name}))

    def has_one(node: Daemon, task: str) -> bool:
        with client(node) as rt:  # it knows the process of its own run only
            return len([run for run in alive(rt, task) if run.row["pid"]]) == 1

    def both_have_one() -> None:
        for node in nodes:
            for task in ("process", "thread"):
                until(lambda: has_one(node, task), what=f"{task} runs on each")  # noqa: B023

    both_have_one()
    # A node that ends takes its own along, and no other node starts it again.
    assert nodes[1].stop(within_s=10) == 0
    with client(nodes[0]) as rt:
        assert len(alive(rt)) == 1
        assert len(rt.ls(task="process")) == 2
        assert rt.submit("where").wait(20).result() == "one"
    nodes[1].start()
    both_have_one()


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ("'proces'", "start_local_task: there is no task 'proces'; did you mean 'process'?"),
        ("'process', wrod=1", "start_local_task: task 'process' does not take 'wrod'"),
        ("'process', word=object()", "start_local_task: "),
    ],
)
def test_a_wrong_declaration_is_one_line(
    prepare_daemon: DaemonMaker, tmp_path: Path, start: str, message: str
) -> None:
    write(tmp_path, start)
    daemon = prepare_daemon("app.py", cwd=tmp_path)
    done = subprocess.run(
        ["rtd", "check", "app.py"], cwd=tmp_path, env=daemon.env, capture_output=True, text=True,
        check=False, timeout=30,
    )  # fmt: skip
    assert done.returncode != 0
    text = done.stdout + done.stderr
    assert message in text, text
    assert "app.py:" in text
    assert "Traceback" not in text
