"""Settings that an app makes for its daemon count beneath the daemon's own."""

import os
import signal
import subprocess
from pathlib import Path

from tests.helpers.daemon import BIN, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client, executors, kill9, restart_supervisor

APP = """
from rtd import Session

session = Session(config={"lanes": {"process": {"min": 3, "max": 3}}, "limits.result": "2 KB"})

@session.task
def large():
    return "x" * 4000
"""


def test_an_app_says_how_many_executors_it_wants_and_what_is_too_large(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(APP)
    daemon = start_daemon("app.py", cwd=tmp_path)
    with client(daemon) as rt:
        until(lambda: len(executors(rt)) == 3, what="three executors")
        assert "the limit is 2.0 KB" in rt.submit("large").wait(20).row["why"]
        (tmp_path / "app.py").write_text(APP.replace('"min": 3, "max": 3', '"max": 1'))
        assert daemon.process is not None
        os.kill(daemon.process.pid, signal.SIGHUP)
        until(lambda: len(executors(rt)) == 1, what="one executor")


def test_the_daemon_s_own_configuration_is_stronger(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(APP)
    flags = ["--set", "lanes.process.max=2", "--set", "limits.result=1MB"]
    daemon = start_daemon("app.py", cwd=tmp_path, flags=flags)
    with client(daemon) as rt:
        assert rt.submit("large").wait(20).state == "succeeded"
        assert len(executors(rt)) <= 2
    log = daemon.log.read_text()
    assert "the app sets lanes.process.min=3, lanes.process.max=3, limits.result=2048" in log
    assert "own configuration is stronger: lanes.process.max=2, limits.result=1048576" in log


def test_a_setting_of_the_daemon_alone_is_an_error_in_the_app(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text('from rtd import Session\ns = Session({"redis": "x"})\n')
    done = subprocess.run(
        ["rtd", "check", "app.py"],
        executable=BIN / "rtd", cwd=tmp_path, capture_output=True, text=True, timeout=30,
        check=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert "'redis' is decided before the app is imported" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_app_s_settings_outlive_the_supervisor(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(APP)
    daemon = start_daemon("app.py", cwd=tmp_path)
    with client(daemon) as rt:
        until(lambda: len(executors(rt)) == 3, what="three executors")
    restart_supervisor(daemon)
    with client(daemon) as rt:
        kill9(executors(rt)[0]["pid"])
        until(lambda: len(executors(rt)) == 3, what="three executors again")
