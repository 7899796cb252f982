"""rtctl tasks: the tasks that can be submitted."""

import json

from tests.helpers.daemon import Daemon


def test_each_task_says_what_it_takes(jobs: Daemon) -> None:
    lines = {line.split()[0]: line for line in jobs.ok("tasks").splitlines()}
    assert "a, b=..." in lines["add"]
    assert "Add two numbers." in lines["add"]
    assert "command" in lines
    assert set(jobs.ok("tasks", "-q").split()) >= {"add", "command", "hold"}


def test_one_task_in_full(jobs: Daemon) -> None:
    text = jobs.ok("tasks", "third")
    assert "retries" in text
    assert "jobs.py:" in text
    task = json.loads(jobs.ok("tasks", "third", "-j"))["tasks"][0]
    assert task["policies"]["retries"] == 2


def test_an_unknown_task_is_code_5(jobs: Daemon) -> None:
    done = jobs.rtctl("tasks", "ad")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (5, "", 1)
