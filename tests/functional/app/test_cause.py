"""`Cause()`: a notice knows the run that it comes after."""

import json
from pathlib import Path
from typing import Any

import pytest

from rtctl import Client
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until

APP = """
import json, time
from pathlib import Path
from rtd import Session, Error
from rtd.arguments import Cause

session = Session()

@session.task()
def fetch(how: str):
    print("begins")
    print("line two")
    if how == "raise":
        raise Error("no route to host")
    if how == "hang":
        time.sleep(60)

@session.task()
def other():
    raise ValueError("other")

@session.task(start_cond="after any tasks 'fetch', 'other' unsuccessful")
def notify(cause=Cause(lines=2)):
    told = None if cause is None else {**cause._asdict()}
    with Path("told").open("a") as file:
        file.write(json.dumps(told, default=str) + "\\n")

@session.task(start_cond="after task 'fetch'", lane="thread", parameters={"cause": Cause()})
def store(cause):
    Path("stored").write_text(cause.id)
"""


@pytest.fixture
def daemon(start_daemon: DaemonMaker, tmp_path: Path) -> Daemon:
    (tmp_path / "app.py").write_text(APP)
    return start_daemon("app.py", cwd=tmp_path)


def told(folder: Path) -> list[dict[str, Any]]:
    path = folder / "told"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_a_notice_tells_of_the_run_that_it_comes_after(daemon: Daemon, tmp_path: Path) -> None:
    with Client(daemon.socket) as rt:
        first = rt.submit("notify").wait(20)
        assert (first.state, told(tmp_path)) == ("succeeded", [None])
        failed = rt.submit("fetch", how="raise").wait(20)
        until(lambda: len(told(tmp_path)) == 2)
        cause = told(tmp_path)[1]
        assert (cause["id"], cause["task"], cause["state"]) == (failed.id, "fetch", "error")
        assert cause["why"] == "Error: no route to host"
        assert len(cause["output"]) == 2
        late = rt.task("fetch", timeout="0.3s").submit(how="hang").wait(20)
        until(lambda: len(told(tmp_path)) == 3)
        cause = told(tmp_path)[2]
        assert (cause["id"], cause["state"]) == (late.id, "timed out")
        assert cause["output"] == ["begins", "line two"]
        assert cause["why"].startswith("it ran longer than its timeout")
        assert cause["started_at"] < cause["ended_at"]
        last = rt.submit("other").wait(20)
        until(lambda: len(told(tmp_path)) == 4)
        assert told(tmp_path)[3]["id"] == last.id
        good = rt.submit("fetch", how="go").wait(20)
        stored = tmp_path / "stored"
        until(lambda: stored.exists() and stored.read_text() == good.id)
        assert len(told(tmp_path)) == 4
