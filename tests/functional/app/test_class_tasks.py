"""Class tasks in a daemon: their context, events, errors, and their stop in each phase."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rtctl import Client, Run
from tests.helpers.daemon import Daemon, shared_daemon
from tests.helpers.deadline import until
from tests.helpers.needs_gevent import GREENLET
from tests.helpers.source import PROGRAMS
from tests.programs.class_tasks import LANES, PHASES

#: Where a stop of the async lane finds the event loop busy, so that the executor must end.
BUSY_LOOP = {("async", "provide"), ("async", "init")}
#: The task's own stop() hangs.
DEAF = {(lane, "deaf") for lane in (*LANES, "greenlet")}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("classes")
    shutil.copy(PROGRAMS / "class_tasks.py", home)
    return home


@pytest.fixture(scope="module")
def daemon(home: Path) -> Iterator[Daemon]:
    with shared_daemon(
        "class_tasks.py",
        ["--set", "lanes.thread.concurrency=12"],
        cwd=home,
        env={"CLASS_DIARY": str(home / "diary")},
    ) as daemon:
        yield daemon


@pytest.fixture
def rt(daemon: Daemon) -> Iterator[Client]:
    with Client(daemon.socket) as client:
        yield client


def entries(home: Path, run: Run) -> list[list[str]]:
    """What one run wrote into the diary."""
    lines = (home / "diary").read_text().splitlines() if (home / "diary").exists() else []
    return [line.replace(run.id, "").split() for line in lines if run.id in line]


def hangs(home: Path, run: Run) -> None:
    until(lambda: any(e[0] == "hangs" for e in entries(home, run)), within_s=20, what="it hangs")


def attempt(rt: Client, run: Run) -> dict[str, Any]:
    found: dict[str, Any] = rt.rpc.show(run=run.id)["attempts"][-1]
    return found


def test_a_context_is_made_first_entered_once_and_left_once(rt: Client, home: Path) -> None:
    run = rt.submit("team/within").wait(20)
    assert run.result() == "web"
    assert entries(home, run) == [
        ["made"], ["entered"], ["init", "web"], ["start", "web"], ["left", "None"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fail", "state", "left"),
    [("error", "error", "Error"), ("init", "error", "Error"), ("odd", "exception", "ValueError")],
)
def test_a_context_is_left_with_what_was_raised(
    rt: Client, home: Path, fail: str, state: str, left: str
) -> None:
    run = rt.submit("team/within", fail=fail).wait(20)
    assert run.state == state
    assert [e for e in entries(home, run) if e[0] == "left"] == [["left", left]]
    handled = [e for e in entries(home, run) if e[0] == "unexpected"]
    assert handled == ([["unexpected", "ValueError"]] if state == "exception" else [])


def test_a_task_has_its_data_and_redis(daemon: Daemon, rt: Client) -> None:
    created = json.loads(daemon.ok("submit", "Loud", "to:=3", "--wait", "-j"))
    assert rt.get(created["run"]["id"]).result() == {"redis": "ü", "data": {"to": 3}}
    run = rt.submit("Loud").wait(20)
    assert run.result() == {"redis": "ü", "data": {}}


def test_what_is_no_json_is_an_error_of_the_task_and_names_the_place(rt: Client) -> None:
    run = rt.submit("Wrong").wait(20)
    assert run.state == "exception"
    assert run.error is not None
    assert "data.rows[1].when" in run.error
    assert "set" in run.error


@pytest.mark.parametrize("lane", [*LANES, GREENLET])
@pytest.mark.parametrize("phase", PHASES)
def test_a_kill_ends_a_class_task_in_each_phase(
    rt: Client, home: Path, lane: str, phase: str
) -> None:
    run = rt.submit(f"{lane}/{phase}")
    hangs(home, run)
    run.kill(reason="in its phase")
    run.wait(20)
    assert run.state == "terminated"
    assert run.error is not None
    assert run.error.endswith(": in its phase")
    check_end(rt, home, run, lane, phase)


@pytest.mark.parametrize("lane", [*LANES, GREENLET])
@pytest.mark.parametrize("phase", PHASES)
def test_a_timeout_ends_a_class_task_in_each_phase(
    rt: Client, home: Path, lane: str, phase: str
) -> None:
    run = rt.task(f"{lane}/{phase}", timeout=0.3).submit()
    run.wait(20)
    assert run.state == "terminated"
    assert run.error is not None
    assert "timeout" in run.error
    check_end(rt, home, run, lane, phase)


def check_end(rt: Client, home: Path, run: Run, lane: str, phase: str) -> None:
    """A stop was called where there is one, once, and the note says what did not end."""
    last = attempt(rt, run)
    stops = [e for e in entries(home, run) if e[0] == "stop"]
    assert stops == ([["stop", phase]] if phase in ("start", "deaf", "raises") else [])
    note = last["note"] or ""
    if phase == "raises":
        assert "its stop() raised KeyError" in note
    elif (lane, phase) in BUSY_LOOP | DEAF:
        assert "did not" in note
        if lane == "process":
            assert last["exit"] == [None, 9]
    elif (lane, phase) == ("async", "parameter"):  # its function is called in a thread
        assert note.startswith("left 1 thread behind")
    else:
        assert not note


@pytest.mark.parametrize("lane", ["process", "thread", "fresh", "async", GREENLET])
def test_a_stop_waits_for_the_end_of_an_unstoppable_block(
    rt: Client, home: Path, lane: str
) -> None:
    run = rt.submit(f"held/{lane}")
    until(lambda: entries(home, run), within_s=20, what="it is in the block")
    run.kill(reason="now")
    run.wait(20)
    assert run.state == "terminated"
    assert entries(home, run) == [["held"], ["released"]]


def test_an_unstoppable_block_is_killed_at_the_end_of_the_grace(rt: Client, home: Path) -> None:
    run = rt.submit("held/process", seconds=60)
    until(lambda: entries(home, run), within_s=20, what="it is in the block")
    run.kill(reason="now", grace=0.3)
    run.wait(20)
    assert run.state == "terminated"
    assert entries(home, run) == [["held"]]
    assert attempt(rt, run)["exit"] == [None, 9]
