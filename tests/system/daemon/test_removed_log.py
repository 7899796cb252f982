"""The log of a detached daemon is removed: it is made again, and all its processes write there."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.daemon import BIN, Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client

APP = """
import threading, time
from rtd import Session
from rtd.core import Scheduler

session = Session()

@session.task(lane="thread")
def later(word):
    \"\"\"Write to the daemon's log from a thread that belongs to no run.\"\"\"
    threading.Thread(target=lambda: (time.sleep(0.1), print(word, flush=True))).start()

@Scheduler.hook_shutdown
def ending(scheduler):
    print("the hook of the end", flush=True)
    yield
"""


def rtd(place: Daemon, *words: str) -> None:
    """Run the `rtd` command there."""
    done = subprocess.run([BIN / "rtd", *words], cwd=place.cwd, env=place.env, check=False)
    assert done.returncode == 0


@pytest.fixture
def place(prepare_daemon: DaemonMaker, tmp_path: Path) -> Iterator[Daemon]:
    """A detached daemon."""
    (tmp_path / "app.py").write_text(APP)
    place = prepare_daemon(cwd=tmp_path)
    rtd(place, "start", "app:session")
    yield place
    subprocess.run([BIN / "rtd", "stop"], env=place.env, check=False, capture_output=True)


@pytest.mark.parametrize("whole", [False, True])
def test_all_processes_write_to_the_log_that_is_made_again(place: Daemon, whole: bool) -> None:
    log = place.home / "state/rtd.log"

    def is_written(text: str) -> bool:
        return log.exists() and text in log.read_text()

    with client(place) as rt:
        rt.submit("later", word="before").wait(timeout=20)
        until(lambda: is_written("before"), what="the executor has the log open")
        if whole:
            shutil.rmtree(log.parent, ignore_errors=True)
        else:
            log.unlink()
        until(lambda: is_written("rtd.log is missing; it is made again"), what="it is made again")
        assert log.stat().st_mode & 0o777 == 0o600
        until(lambda: rt.rpc.info()["redis"].get("pid"), what="Redis answers")
        rt.submit("later", word="behind").wait(timeout=20)
        until(lambda: is_written("behind"), what="an executor writes to it")
        place.ok("reload")
        until(lambda: is_written("reloaded"), what="the supervisor writes to it")
    rtd(place, "stop")
    assert is_written("the hook of the end")
    assert is_written("the daemon has ended")
    assert "Traceback" not in log.read_text()
