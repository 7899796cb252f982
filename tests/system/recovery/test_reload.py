"""SIGHUP: new runs use the app as it is now, old runs finish on the one they began with."""

import os
import signal
from pathlib import Path

from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client, executor_of, is_alive

APP = """
import time
from pathlib import Path
from rtd import Session

session = Session()

@session.task
def which(gate=None):
    while gate and not Path(gate).exists():
        time.sleep(0.01)
    return VERSION

VERSION = 1
"""


def hang_up(daemon: Daemon) -> None:
    """Send SIGHUP to the supervisor."""
    assert daemon.process is not None
    os.kill(daemon.process.pid, signal.SIGHUP)


def test_a_reload_serves_new_runs_from_the_new_code_and_lets_old_ones_finish(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    app = tmp_path / "app.py"
    app.write_text(APP)
    gate = tmp_path / "gate"
    daemon = start_daemon("app.py", cwd=tmp_path)
    with client(daemon) as rt:
        old = rt.submit("which", gate=str(gate))
        pid = executor_of(rt, old)
        app.write_text(APP.replace("VERSION = 1", "VERSION = 'the second'"))
        hang_up(daemon)
        until(lambda: rt.submit("which").wait(timeout=20).result() == "the second",
              what="the new code")  # fmt: skip
        assert old.state == "running"
        gate.touch()
        assert old.wait(timeout=20).result() == 1
        until(lambda: not is_alive(pid), what="the end of the old executor")


def test_an_app_that_does_not_import_any_more_leaves_the_old_one_serving(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    app = tmp_path / "app.py"
    app.write_text(APP)
    daemon = start_daemon("app.py", cwd=tmp_path)
    with client(daemon) as rt:
        app.write_text("import not_there\n")
        hang_up(daemon)
        until(lambda: rt.rpc.info()["app_error"], what="the failure is told")
        assert "not_there" in str(rt.rpc.info()["app_error"])
        assert rt.submit("which").wait(timeout=20).result() == 1
        app.write_text(APP.replace("VERSION = 1", "VERSION = 'the third, longer'"))
        hang_up(daemon)
        until(lambda: not rt.rpc.info()["app_error"], what="the reload")
        assert rt.submit("which").wait(timeout=20).result() == "the third, longer"
