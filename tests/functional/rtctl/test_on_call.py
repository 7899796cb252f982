"""What a person on call needs: the last failure of a task, its last run, its last output."""

from collections.abc import Iterator

import pytest

from tests.helpers.daemon import Daemon, shared_daemon

APP = """
import time
from pathlib import Path
from rtd import Session

session = Session()

@session.task(start_cond="daily between 02:00 and 02:01", timezone="Asia/Tokyo")
def night(n=0):
    raise ValueError(f"no room for {n}")

@session.task()
def plain(word="hello"):
    print(word)
    if word == "bad":
        raise ValueError("bad word")

@session.task()
def never():
    pass

@session.task()
def hang(path):
    print("hangs")
    while not Path(path).exists():
        time.sleep(0.02)

@session.task()
def calc():
    return {"rows": [1, 2, 3], "text": "x" * 400}
"""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    folder = tmp_path_factory.mktemp("oncall")
    (folder / "oncall.py").write_text(APP)
    with shared_daemon("oncall:session", ["--set", "lanes.process.max=4"], folder) as found:
        yield found


def ran(daemon: Daemon, *words: str) -> str:
    run = daemon.ok("submit", *words).split()[0]
    daemon.rtctl("wait", run)
    return run


def test_why_tells_the_last_failure(daemon: Daemon) -> None:
    assert "last failure" not in daemon.ok("why", "never")
    run = ran(daemon, "night", "n:=7")
    text = daemon.ok("why", "night")
    (line,) = [line for line in text.splitlines() if line.startswith("last failure")]
    assert " JST: exception: ValueError: no room for 7" in line
    assert f"run {run}: `rtctl logs {run}` shows more" in text


def test_why_of_a_run_says_what_became_of_it(daemon: Daemon) -> None:
    run = ran(daemon, "plain", "word=bad")
    text = daemon.ok("why", run)
    assert "ValueError: bad word" in text
    assert f"`rtctl logs {run}`" in text
    done = daemon.rtctl("why", "nothing-of-that-name")
    assert (done.returncode, done.stderr.count("\n")) == (5, 1)
    assert "task" in done.stderr


def test_tasks_shows_the_last_run_of_each(daemon: Daemon) -> None:
    ran(daemon, "plain", "word=x")
    rows = {line.split()[0]: line for line in daemon.ok("tasks").splitlines()}
    assert "s ago ok" in rows["plain"]
    assert " ago" not in rows["never"]
    ran(daemon, "plain", "word=bad")
    assert "s ago failed" in daemon.ok("tasks", "plain")
