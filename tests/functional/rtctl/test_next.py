"""rtctl next: the coming starts of all tasks, and why others have none."""

from collections.abc import Iterator

import pytest

from tests.helpers.daemon import Daemon, shared_daemon

APP = """
from rtd import Session

session = Session()

@session.task(start_cond="every 1 hour")
def poll():
    pass

@session.task(start_cond="cron * * * * *")
def each_minute():
    pass

@session.task(start_cond="daily between 02:00 and 02:01")
def night():
    pass

@session.task(start_cond="after task 'night'")
def notify():
    pass
"""
HEADS = ["AT", "IN", "TASK"]


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    folder = tmp_path_factory.mktemp("next")
    (folder / "coming.py").write_text(APP)
    with shared_daemon("coming:session", [], folder) as found:
        yield found


def tasks(shown: str) -> list[str]:
    """The tasks of the rows of a table."""
    return [line.split()[-1] for line in shown.splitlines()[1:]]


def test_a_task_that_polls_hides_no_other(daemon: Daemon) -> None:
    done = daemon.rtctl("next")
    shown = tasks(done.stdout)
    assert (shown.count("each_minute"), shown.count("night")) == (3, 3)
    assert done.stderr.splitlines() == [
        "rtctl: 3 starts a task; `rtctl next TASK` lists more",
        "rtctl: 1 more task waits for an event, such as the end of another task: notify",
    ]
    assert tasks(daemon.ok("next", "each_minute")) == ["each_minute"] * 10
    assert daemon.ok("next", "-q").split().count("each_minute") == 10


def test_an_empty_list_says_why(daemon: Daemon) -> None:
    daemon.ok("disable", "night")
    done = daemon.rtctl("next", "night")
    assert done.stdout.split() == HEADS
    assert done.stderr == "rtctl: task night is disabled; `rtctl enable night` enables it\n"
    daemon.ok("enable", "night")
    daemon.ok("disable", "--all")
    for words in ([], ["night"]):
        done = daemon.rtctl("next", *words)
        assert done.stdout.split() == HEADS
        assert done.stderr.startswith("rtctl: the schedule is disabled: nothing starts; ")
    assert "disabled; `rtctl enable --all` enables it" in daemon.ok("status")
    daemon.ok("enable", "--all")
