"""rtctl queue: ls, pause, resume, purge."""

import json
import uuid
from pathlib import Path

import pytest

from tests.helpers.daemon import Daemon
from tests.helpers.rows import row_of, submit, until_state
from tests.helpers.running import client
from tests.helpers.terminal import Terminal


@pytest.fixture
def queue() -> str:
    """A queue that no other test uses."""
    return f"queue-{uuid.uuid4().hex[:8]}"


def test_a_paused_queue_starts_nothing_until_it_is_resumed(jobs: Daemon, queue: str) -> None:
    assert f"{queue}" in jobs.ok("queue", "pause", queue)
    run = submit(jobs, "add", "a:=1", "-Q", queue)
    other = submit(jobs, "add", "a:=1", "--wait")
    assert row_of(jobs, other)["state"] == "succeeded"
    assert row_of(jobs, run)["state"] == "queued"
    (row,) = json.loads(jobs.ok("queue", "ls", queue, "-j"))["queues"]
    assert (row["paused"], row["queued"]) == (True, 1)
    assert "open" in jobs.ok("queue", "resume", queue)
    until_state(jobs, run, "succeeded")


def test_a_queue_that_there_is_not_is_said(jobs: Daemon, queue: str) -> None:
    done = jobs.rtctl("queue", "ls", queue)
    assert (done.returncode, done.stdout.count("\n"), done.stderr.count("\n")) == (0, 1, 1)
    assert done.stderr.startswith(f"rtctl: no queue '{queue}' has ever been used")
    assert jobs.rtctl("queue", "ls", queue, "-j").stderr == ""


def test_pausing_an_unknown_queue_is_possible_and_said(jobs: Daemon, queue: str) -> None:
    submit(jobs, "add", "a:=1", "-Q", queue, "--wait")
    done = jobs.rtctl("queue", "pause", queue[:-1])
    assert (done.returncode, done.stderr.count("\n")) == (0, 1)
    assert f"has ever been used; did you mean {queue}?" in done.stderr
    assert jobs.rtctl("queue", "pause", queue[:-1]).stderr == ""
    jobs.ok("queue", "resume", queue[:-1])


def test_the_priority_of_a_queue_can_be_set(jobs: Daemon, queue: str) -> None:
    jobs.ok("queue", "pause", queue)
    assert jobs.ok("queue", "priority", queue, "7").splitlines()[1].split()[:2] == [queue, "7"]
    answer = json.loads(jobs.ok("queue", "priority", f"@{queue}", "-100", "-j"))
    assert answer["queues"][0]["priority"] == -100
    assert jobs.ok("queue", "ls", queue, "-q").split() == [queue]
    with client(jobs) as rt:
        assert rt.set_queue_priority(queue, 0)["priority"] == 0
    done = jobs.rtctl("queue", "priority", queue[:-1], "1")
    assert (done.returncode, done.stderr.count("\n")) == (0, 1)
    assert f"has ever been used; did you mean {queue}?" in done.stderr
    jobs.ok("queue", "resume", queue)


def test_the_queue_of_higher_priority_goes_first(jobs: Daemon, queue: str, gate: Path) -> None:
    # Lane `main` has one executor: while it is held, both runs wait.
    first, then = f"{queue}-first", f"{queue}-then"
    held = submit(jobs, "hold_main", f"gate={gate}")
    until_state(jobs, held, "running")
    later = submit(jobs, "main_add", "a:=1", "-Q", then, "--priority", "100")
    sooner = submit(jobs, "main_add", "a:=1", "-Q", first, "--priority", "-100")
    jobs.ok("queue", "priority", first, "3")
    gate.touch()
    with client(jobs) as rt:  # rtctl shows milliseconds, and both may start in one
        starts = [run.row["started_at"] for run in rt.wait([sooner, later], timeout=20)]
    assert starts[0] < starts[1]


def test_purge_cancels_what_waits_and_wants_to_be_sure(jobs: Daemon, queue: str) -> None:
    jobs.ok("queue", "pause", queue)
    runs = [submit(jobs, "add", "a:=1", "-Q", queue) for _ in range(3)]
    done = jobs.rtctl("queue", "purge", queue)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "--yes" in done.stderr
    assert jobs.ok("queue", "purge", queue, "--yes") == "3 runs cancelled\n"
    assert [row_of(jobs, run)["state"] for run in runs] == ["cancelled"] * 3
    jobs.ok("queue", "resume", queue)


def test_purge_asks_on_a_terminal(jobs: Daemon, queue: str) -> None:
    jobs.ok("queue", "pause", queue)
    run = submit(jobs, "add", "a:=1", "-Q", queue)
    terminal = Terminal(["rtctl", "queue", "purge", queue], jobs.env, 80)
    terminal.read_until("[y/N] ")
    terminal.type("n\n")
    assert terminal.finish()[1] == 2
    assert row_of(jobs, run)["state"] == "queued"
    terminal = Terminal(["rtctl", "queue", "purge", f"@{queue}"], jobs.env, 80)
    terminal.read_until("[y/N] ")
    terminal.type("y\n")
    assert terminal.finish()[1] == 0
    assert row_of(jobs, run)["state"] == "cancelled"


def test_ls_is_what_queue_does_alone(jobs: Daemon) -> None:
    assert jobs.ok("queue").splitlines()[0].split() == [
        "QUEUE",
        "PRIO",
        "QUEUED",
        "RUNNING",
        "STATE",
    ]
    assert "default" in jobs.ok("queue", "ls", "-q").split()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["pawse", "x"], 2),
        (["pause"], 2),
        (["pause", "a b"], 2),
        (["purge", "no-such-queue", "-y"], 5),
        (["purge", "a", "b", "-y"], 2),
        (["priority"], 2),
        (["priority", "x"], 2),
        (["priority", "3"], 2),
        (["priority", "x", "high"], 2),
        (["priority", "x", "1.5"], 2),
        (["priority", "x", "101"], 2),
        (["priority", "x", "-101"], 2),
        (["priority", "a b", "1"], 2),
    ],
)
def test_bad_input_is_one_line(jobs: Daemon, words: list[str], code: int) -> None:
    done = jobs.rtctl("queue", *words)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1), done.stderr
