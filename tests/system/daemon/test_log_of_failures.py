"""The daemon's log says which runs ended without success, and stays short in a storm of them."""

import re
from pathlib import Path

import pytest

from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client

APP = """
import time
from rtd import Session
session = Session()

@session.task()
def bad(n=0):
    raise ValueError(f"no room for {n}")

@session.task(timeout="0.2s")
def slow():
    time.sleep(60)

@session.task()
def good():
    pass
"""


@pytest.fixture
def failing(start_daemon: DaemonMaker, folder: Path) -> Daemon:
    (folder / "failing.py").write_text(APP)
    return start_daemon("failing:session", ["--set", "lanes.process.max=2"], folder)


def lines_of(daemon: Daemon, part: str) -> list[str]:
    return [line for line in daemon.log.read_text().splitlines() if part in line]


def test_each_failure_is_one_line(failing: Daemon) -> None:
    bad = failing.ok("submit", "bad").split()[0]
    slow = failing.ok("submit", "slow").split()[0]
    good = failing.ok("submit", "good").split()[0]
    failing.rtctl("wait", bad, slow, good)
    until(lambda: len(lines_of(failing, " ended: ")) >= 2, what="two lines")
    (line,) = lines_of(failing, f"run {bad} ")
    told = rf"warn  run {bad} \(bad\) ended: failed after \S+: ValueError: no room for 0$"
    assert re.search(told, line), line
    (line,) = lines_of(failing, f"run {slow} ")
    assert re.search(rf"warn  run {slow} \(slow\) ended: timed out after \S+: ", line), line
    assert not lines_of(failing, good)


def test_a_storm_is_a_few_lines(failing: Daemon) -> None:
    with client(failing) as rt:
        rt.wait(rt.submit_many("bad", [{"n": n} for n in range(500)]), timeout=20)
    until(lambda: lines_of(failing, " more runs ended without success: "), within_s=20, what="sum")
    assert len(lines_of(failing, " ended: ")) == 10
    (rest,) = lines_of(failing, " more runs ended")
    assert rest.endswith("warn  and 490 more runs ended without success: exception 490"), rest


def test_those_of_a_drain_are_few_lines_too(start_daemon: DaemonMaker, tmp_path: Path) -> None:
    daemon = start_daemon(None, ["--set", "lanes.command.max=32", "--set", "stop_grace=0s"])
    for _ in range(15):
        daemon.ok("submit", "--", "sleep", "60")
    until(lambda: daemon.ok("ls", "--state", "running", "-q").count("\n") == 15, what="15 run")
    daemon.stop()
    (stopped,) = lines_of(daemon, "stopped")
    told = r"15 runs are stopped \(.{26}, .{26}, .{26}, \.\.\.\): the daemon was shut down"
    assert re.search(told, stopped), stopped
    assert len(lines_of(daemon, " ended: shut down after ")) == 10
    (rest,) = lines_of(daemon, " more runs ended")
    assert rest.endswith("and 5 more runs ended without success: terminated 5"), rest
