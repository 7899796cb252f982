"""`rtd.testing.daemon_of`: a real daemon for the time of a test, and nothing of it afterwards."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rtctl import Client
from rtctl.client.errors import DaemonUnreachable
from rtd.common.errors import AppError
from rtd.testing import daemon_of
from tests.helpers.deadline import until
from tests.helpers.processes import find_marked

APP = """
import os, subprocess, rtd
session = rtd.Session()

@session.task()
def leave():
    return subprocess.Popen(["sleep", "1000"]).pid

@session.task(start_cond="every 1 hour")
def hourly():
    return os.environ["COLOUR"]
"""


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "tested_app.py").write_text(APP)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RTD_SOCKET", raising=False)
    return "tested_app.py"


@pytest.mark.slow
def test_a_daemon_serves_the_block_and_nothing_is_left(app: str) -> None:
    with daemon_of(
        app, settings={"lanes.process.max": 1}, env={"COLOUR": "red"}, only_submitted=True
    ) as rt:
        socket = Path(os.environ["RTD_SOCKET"])
        mark = socket.parent.parent.name
        assert rt.submit("hourly").result(timeout=30) == "red"
        assert len(rt.ls(task="hourly")) == 1, "its condition has started nothing"
        with Client() as other:
            assert other.ping()["pid"] == rt.ping()["pid"]
            pid = other.submit("leave").result(timeout=30)
    assert "RTD_SOCKET" not in os.environ
    assert find_marked(mark) == []
    assert not socket.parent.parent.exists()
    until(lambda: not Path(f"/proc/{pid}").exists(), within_s=5, what="the end of what it started")
    with pytest.raises(DaemonUnreachable):
        rt.ping()


@pytest.mark.slow
def test_conditions_start_tasks_by_default(app: str) -> None:
    with daemon_of(app, env={"COLOUR": "red"}) as rt:
        until(lambda: bool(rt.ls(task="hourly")), within_s=20, what="a run by its condition")


@pytest.mark.slow
def test_a_daemon_that_does_not_come_up_is_one_line(app: str) -> None:
    Path(app).write_text("raise ValueError('broken')\n")
    with pytest.raises(AppError, match=r"^daemon_of: no daemon came up: .*broken"), daemon_of(app):
        pass
    wrong = {"lanes.process.maxx": 1}
    with pytest.raises(AppError, match=r"lanes\.process\.maxx"), daemon_of(app, settings=wrong):
        pass
    Path(app).write_text("import time\ntime.sleep(1000)\n")
    with pytest.raises(AppError, match="not up after"), daemon_of(app, start_s=0.5):
        pass


@pytest.mark.slow
def test_a_failing_test_leaves_nothing(app: str) -> None:
    marks = []

    def fail() -> None:
        with daemon_of(app, only_submitted=True) as rt:
            marks.append(Path(os.environ["RTD_SOCKET"]).parent.parent.name)
            os.kill(rt.ping()["pid"], signal.SIGKILL)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert find_marked(marks[0]) == []


def test_importing_it_needs_no_test_framework() -> None:
    program = (
        "import sys, rtd.testing; sys.exit('pytest' in sys.modules or '_pytest' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
