"""Files of output are removed under the executors that write to them: later output is kept."""

import shutil

import pytest

from rtctl import Client
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client
from tests.helpers.source import PROGRAMS

#: A line, and so many of them, more than stays in a segment.
LINE, LINES = "x" * 2000, 600
ONE_EACH = [
    word
    for lane in ("process", "fresh", "thread", "async", "command")
    for word in ("--set", f"lanes.{lane}.max=1", "--set", f"lanes.{lane}.min=1")
]


@pytest.fixture
def daemon(start_daemon: DaemonMaker) -> Daemon:
    return start_daemon("speakers:session", cwd=PROGRAMS, flags=ONE_EACH)


def said(rt: Client, task: str, text: str, times: int = 1) -> list[str]:
    """What `rtctl logs` shows of a run that has written this."""
    if task == "command":
        run = rt.command("sh", "-c", f"yes {text} | head -n {times}")
    else:
        run = rt.submit(task, text=text, times=times)
    return list(run.wait(timeout=20).logs())


@pytest.mark.parametrize("pattern", ["output", "output/*", "output/*.seg", "output/*.scratch"])
@pytest.mark.parametrize("task", ["process", "fresh", "thread", "main", "coroutine", "command"])
def test_each_lane_keeps_the_output_of_later_runs(daemon: Daemon, task: str, pattern: str) -> None:
    with client(daemon) as rt:
        assert said(rt, task, "first") == ["first"]
        for path in (daemon.home / "state").glob(pattern):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)  # executors may make files meanwhile
            else:
                path.unlink()
        until(lambda: said(rt, task, "again") == ["again"], what="output is kept again")
        assert said(rt, task, "more") == ["more"]
        for _ in range(2):
            assert said(rt, task, LINE, LINES) == [LINE] * LINES
        assert said(rt, task, "last", 2) == ["last", "last"]
