"""What a person on call needs: the last failure of a task, its last run, its last output."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.daemon import Daemon, shared_daemon
from tests.helpers.deadline import until
from tests.helpers.terminal import Terminal

APP = """
import time
from pathlib import Path
from rtd import Session

session = Session(scheme="log_memory")

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
    assert " JST: failed: ValueError: no room for 7" in line
    assert f"run {run}: `rtctl logs {run}` shows more" in text


def test_why_names_the_kind_of_a_last_failure_once(daemon: Daemon, tmp_path: Path) -> None:
    run = daemon.ok("submit", "hang", f"path={tmp_path / 'never'}").split()[0]
    daemon.ok("kill", run)
    daemon.rtctl("wait", run)
    (line,) = [line for line in daemon.ok("why", "hang").splitlines() if "last failure" in line]
    assert ": killed by root" in line
    assert "killed: " not in line


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


def test_logs_of_a_task_are_those_of_its_latest_run(daemon: Daemon) -> None:
    bad = ran(daemon, "plain", "word=bad")
    good = ran(daemon, "plain", "word=good")
    done = daemon.rtctl("logs", "plain")
    assert (done.returncode, done.stdout) == (0, "good\n")
    assert f"run {good} of task plain: succeeded, " in done.stderr
    done = daemon.rtctl("logs", "plain", "--failed")
    assert done.stdout == "bad\n"
    assert f"run {bad} of task plain: failed, " in done.stderr
    for words in (["logs", "never"], ["logs", "never", "--failed"]):
        done = daemon.rtctl(*words)
        assert (done.returncode, done.stderr.count("\n")) == (5, 1)
        assert "task never" in done.stderr or "no run of task never" in done.stderr


def test_logs_of_a_task_wait_for_its_next_run(daemon: Daemon) -> None:
    ran(daemon, "plain", "word=earlier")
    terminal = Terminal(["rtctl", "logs", "-f", "plain"], daemon.env, 80)
    terminal.read_until("waiting for one")
    ran(daemon, "plain", "word=later")
    text, code = terminal.finish()
    assert code == 0
    assert "later" in text
    assert "earlier" not in text


def test_kill_of_a_task_ends_its_running_runs(daemon: Daemon, tmp_path: Path) -> None:
    runs = [daemon.ok("submit", "hang", f"path={tmp_path}/gate").split()[0] for _ in range(2)]
    until(lambda: daemon.ok("ls", "hang", "--state", "running", "-q").count("\n") == 2, what="both")
    done = daemon.rtctl("kill", "--task", "hang", "--grace", "0s", "--reason", "the night is over")
    assert done.returncode == 0, done.stderr
    assert "2 runs of task hang are running: ending them" in done.stderr
    assert all(f"{run}  terminated" in done.stdout for run in runs)
    done = daemon.rtctl("kill", "--task", "hang")
    assert (done.returncode, done.stderr) == (0, "rtctl: no run of task hang is running\n")
    assert daemon.rtctl("kill", "--task", "hnag").returncode == 5
    assert daemon.rtctl("kill", "--task", "hang", runs[0]).returncode == 2


def test_a_kill_lists_the_processes_of_a_command_in_one_manner(daemon: Daemon) -> None:
    run = daemon.ok("submit", "--", "sh", "-c", "echo here; sleep 1000; true").split()[0]
    until(lambda: "here" in daemon.rtctl("logs", run).stdout, what="the command")
    shown = daemon.ok("kill", run, "--grace", "0")
    assert "rtd: command" not in shown
    assert "ended when asked" not in shown
    assert "sleep 1000  killed (SIGKILL)" in shown
    run = daemon.ok("submit", "--", "sh", "-c", "echo here; sleep 1000; true").split()[0]
    until(lambda: "here" in daemon.rtctl("logs", run).stdout, what="the command")
    shown = daemon.ok("kill", run)
    assert "sleep 1000  ended when asked" in shown
    assert "SIG" not in shown


def test_logs_of_what_is_neither_run_nor_task(daemon: Daemon) -> None:
    done = daemon.rtctl("logs", "plian")
    assert done.returncode == 5
    assert done.stderr.endswith("and no task has this name; did you mean plain?\n")


def test_until_ends_the_span_of_lists(daemon: Daemon) -> None:
    first = ran(daemon, "plain", "word=first")
    between = time.time()
    second = ran(daemon, "plain", "word=second")
    at = f"@{between}"
    for words in (["ls", "plain", "-q"], ["events", "--task", "plain"], ["tasklog", "plain"]):
        text = daemon.ok(*words, "--until", at)
        assert (first in text, second in text) == (True, False), words
        text = daemon.ok(*words, "--since", at)
        assert (first in text, second in text) == (False, True), words
    daemon.ok("misses", "--until", at)
    done = daemon.rtctl("ls", "--since", "1m", "--until", "2m")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
