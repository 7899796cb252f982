"""Apps that patch the standard library, by hand or by gevent: rtd and its lanes stay the same."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.daemon import BIN, Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.needs_gevent import NEEDS_GEVENT
from tests.helpers.running import client, executor_of, until_running
from tests.helpers.source import PROGRAMS

FLAGS = ("--set", "stop_grace=2s", "--set", "lanes.process.max=2")
LANES = ("in_process", "in_fresh", "in_thread", "in_main", "in_loop")
WAITING = ("waits", "waits_fresh", "waits_in_thread", "waits_in_main", "waits_in_loop")
#: The short task in the lane of each that waits.
SHORT_OF = {**dict(zip(WAITING, LANES, strict=True)), "waits_in_greenlet": "in_greenlet"}
BY_HAND = "patched_by_hand:session"
BY_GEVENT = "patched_by_gevent:session"
APPS = [BY_HAND, pytest.param(BY_GEVENT, marks=NEEDS_GEVENT)]


def each(tasks: tuple[str, ...], of_gevent: str) -> list[Any]:
    """Each app with each of its tasks; `of_gevent` is one that only the app of gevent has."""
    both = [pytest.param(BY_HAND, task) for task in tasks]
    return both + [pytest.param(BY_GEVENT, t, marks=NEEDS_GEVENT) for t in (*tasks, of_gevent)]


@pytest.fixture(params=APPS)
def patched(request: pytest.FixtureRequest) -> Iterator[Daemon]:
    daemon = Daemon(request.param, FLAGS, PROGRAMS)
    daemon.start()
    yield daemon
    assert not daemon.close_and_tell()


def test_runs_of_all_lanes_end_with_their_results(patched: Daemon) -> None:
    with client(patched) as rt:
        runs = [rt.submit(task, x=x) for task in LANES for x in range(10)]
        assert [run.result(timeout=20) for run in runs] == [x + 1 for _ in LANES for x in range(10)]
        run = rt.submit("in_process", x=7).wait(timeout=20)
        assert "in process 7" in "".join(run.logs())
        command = rt.submit("command", argv=["sh", "-c", "exit 3"]).wait(timeout=20)
        assert command.state == "error"


@pytest.mark.parametrize(
    ("patched", "task"), each(WAITING, "waits_in_greenlet"), indirect=["patched"]
)
def test_a_kill_ends_a_run(patched: Daemon, task: str) -> None:
    with client(patched) as rt:
        run = until_running(rt.submit(task))
        run.kill()
        assert run.wait(timeout=20).state == "terminated"


def test_a_timeout_ends_a_run(patched: Daemon) -> None:
    with client(patched) as rt:
        assert rt.submit("late").wait(timeout=20).state == "terminated"


@pytest.mark.parametrize(("patched", "task"), each(LANES, "in_greenlet"), indirect=["patched"])
def test_a_thousand_runs_succeed(patched: Daemon, task: str) -> None:
    with client(patched) as rt:
        runs = rt.wait(rt.submit_many(task, [{"x": x} for x in range(1000)]), timeout=50)
        assert {run.state for run in runs} == {"succeeded"}
        assert [run.result(timeout=20) for run in runs[::50]] == list(range(1, 1001, 50))


@pytest.mark.parametrize(
    ("patched", "task"), each(WAITING, "waits_in_greenlet"), indirect=["patched"]
)
def test_the_death_of_an_executor_is_noticed_at_once(patched: Daemon, task: str) -> None:
    with client(patched) as rt:

        def is_noticed_within_a_second() -> bool:
            run = until_running(rt.submit(task))
            pid, killed_at = executor_of(rt, run), time.time()
            os.kill(pid, signal.SIGKILL)
            assert run.wait(timeout=20).state == "lost"
            row = rt.rpc.show(run=run.id)["attempts"][-1]
            assert row["exit"] == [None, signal.SIGKILL]
            return bool(row["ended_at"] - killed_at < 1.0)

        until(is_noticed_within_a_second, what="the death is in the record within a second")
        assert rt.submit(SHORT_OF[task], x=1).result(timeout=20) == 2


def test_a_stop_ends_the_daemon_in_order(patched: Daemon) -> None:
    with client(patched) as rt:
        until_running(rt.submit("waits"))
        until_running(rt.submit("waits_in_thread"))
        assert rt.submit("in_loop", x=1).result(timeout=20) == 2
    assert patched.stop() == 0
    assert not patched.processes()


EFFECT = "does nothing in rtd, so that threads, sockets and processes stay what they are"
#: Patches as these libraries do; these here tell that they have.
LIBRARIES = {
    "gevent/__init__.py": "",
    "gevent/monkey/__init__.py": "def patch_all(**options): print('PATCHED')",
    "eventlet/__init__.py": "from eventlet import patcher\nmonkey_patch = patcher.monkey_patch\n",
    "eventlet/patcher.py": "def monkey_patch(**on): print('PATCHED')\n",
}
APP = """import eventlet
from gevent.monkey import patch_all
from rtd import Session
eventlet.monkey_patch()
patch_all(thread=False)
session = Session()

@session.task()
def patches():
    patch_all()
"""


def test_a_patch_is_told_with_its_place(start_daemon: DaemonMaker, tmp_path: Path) -> None:
    for name, text in LIBRARIES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    app = tmp_path / "app.py"
    app.write_text(APP)
    sentence = (
        f"app app.py patches the standard library: eventlet.patcher.monkey_patch() at {app}:4,"
        f" gevent.monkey.patch_all() at {app}:5 {EFFECT}"
    )
    done = subprocess.run(
        [BIN / "rtd", "check", "app.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert sentence in done.stderr
    assert "PATCHED" not in done.stdout
    daemon = start_daemon("app.py", cwd=tmp_path)
    until(lambda: sentence in daemon.log.read_text(), what="the log has the patch")
    with client(daemon) as rt:
        run = rt.submit("patches").wait(timeout=20)
        output = "".join(run.logs())
        assert f"gevent.monkey.patch_all() at {app}:10 {EFFECT}" in output
        assert "PATCHED" not in output
