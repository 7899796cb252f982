"""Hooks around the daemon's start and end: what waits for them, and what ends them early."""

from pathlib import Path

import pytest

from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client


def schedule_of(daemon: Daemon) -> tuple[str, str | None]:
    with client(daemon) as rt:
        schedule = rt.rpc.status()["schedule"]
        return schedule["state"], schedule["why"]


DYING = """
import os, time
from rtd import Session
from rtd.core import Scheduler
session = Session()

@Scheduler.hook_shutdown
def around(scheduler):
    {first}
    yield
    raise KeyError("rest")

@session.task(on_shutdown={has_task}, execution="main")
def last():
    os._exit(3)
"""


@pytest.mark.parametrize(
    ("first", "has_task", "fault"),
    [
        ("os.kill(os.getpid(), 9)", False, "fault of the app: hook hook_shutdown: "),
        ("pass", True, "hook hook_shutdown: the process that had begun it has ended"),
        ("pass", False, "hook app.around: KeyError: 'rest'"),
    ],
)
def test_a_main_executor_that_dies_while_the_daemon_ends_is_not_waited_for(
    start_daemon: DaemonMaker, tmp_path: Path, first: str, has_task: bool, fault: str
) -> None:
    (tmp_path / "app.py").write_text(DYING.format(first=first, has_task=has_task))
    daemon = start_daemon("app.py", flags=["--set", "stop_grace=60s"], cwd=tmp_path)
    assert daemon.stop(within_s=30) == 0
    log = daemon.log.read_text()
    assert fault in log
    assert "is not over after" not in log
    assert daemon.processes() == []


@pytest.mark.parametrize(
    ("first", "has_task", "what"),
    [
        ("time.sleep(600)", False, "its hooks"),
        ("time.sleep(0)", True, "last"),
    ],
)
def test_shutdown_work_that_is_not_over_in_time_is_named(
    start_daemon: DaemonMaker, tmp_path: Path, first: str, has_task: bool, what: str
) -> None:
    text = DYING.format(first=first, has_task=has_task).replace("os._exit(3)", "time.sleep(600)")
    (tmp_path / "app.py").write_text(text)
    daemon = start_daemon("app.py", flags=["--set", "stop_grace=1s"], cwd=tmp_path)
    assert daemon.stop() == 0
    said = f"what runs on shutdown is not over after 1 s: {what}\n"
    assert said in daemon.log.read_text()
    assert daemon.processes() == []


STEPS = """
import os, time
from pathlib import Path
from rtd import Session
from rtd.core import Scheduler
session = Session()

def at(gate):
    while not Path(gate).exists():
        time.sleep(0.01)

@Scheduler.hook_startup
def around(scheduler):
    at("one")
    yield
    at("three")

@session.task(on_startup=True)
def first():
    at("two")

@session.task(start_cond="every 1 hour")
def work(): ...
"""


def test_status_names_the_hook_that_the_schedule_waits_for(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(STEPS)
    daemon = start_daemon("app.py", cwd=tmp_path)
    for gate, what in (
        ("one", "the hooks on startup"),
        ("two", "first (on startup)"),
        ("three", "the rest of the hooks on startup"),
    ):
        until(lambda what=what: schedule_of(daemon) == ("starting", what), what=what)  # type: ignore[misc]
        (tmp_path / gate).touch()
    until(lambda: schedule_of(daemon) == ("going", None), what="the schedule")
