"""A fault that halts the schedule: nothing starts by its condition until a user resumes it."""

import json
from pathlib import Path

import pytest

from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client, restart_supervisor
from tests.helpers.source import PROGRAMS

LANES = ("in_process", "in_fork", "in_main", "in_thread", "in_loop")


@pytest.fixture
def faulty(start_daemon: DaemonMaker, tmp_path: Path) -> Daemon:
    """A daemon with a task that starts every 50 ms and writes a line to `beats`."""
    return start_daemon("faulty:session", cwd=PROGRAMS, env={"BEATS": str(tmp_path / "beats")})


def beats(folder: Path) -> int:
    path = folder / "beats"
    return len(path.read_text()) if path.exists() else 0


def goes_on(folder: Path) -> None:
    before = beats(folder)
    until(lambda: beats(folder) >= before + 3, what="three more beats")


def state(daemon: Daemon) -> str:
    with client(daemon) as rt:
        return str(rt.rpc.status()["schedule"]["state"])


def halt(daemon: Daemon, lane: str = "in_process") -> None:
    """Let a run of this lane halt the schedule, and wait until nothing starts any more."""
    with client(daemon) as rt:
        assert rt.submit(lane, what=lane, halts=True).wait(timeout=20).result() == "done"
        until(lambda: not rt.rpc.tasks(task="beat")["tasks"][0]["enabled"], what="the halt")
        until(lambda: not rt.ls(task="beat", state=["queued", "running"]), what="the last beat")


@pytest.mark.parametrize("lane", LANES)
def test_a_fault_of_any_lane_may_halt_the_schedule(
    faulty: Daemon, tmp_path: Path, lane: str
) -> None:
    goes_on(tmp_path)
    halt(faulty, lane)
    assert state(faulty) == "halted"
    schedule = json.loads(faulty.rtctl("status", "-j").stdout)["schedule"]
    assert schedule["halted_at"].startswith("20")
    done = faulty.rtctl("status")
    assert done.returncode == 3
    assert f"hook {lane}: ValueError: it does not work" in done.stdout
    assert "rtctl enable --all" in done.stdout
    told = faulty.rtctl("why", "beat").stdout
    assert f"hook {lane} has halted the schedule" in told
    assert "all tasks are disabled" not in told
    faulty.ok("disable", "--all")
    assert "all tasks are disabled" in faulty.rtctl("why", "beat").stdout
    assert "the schedule is halted" in faulty.log.read_text()
    before = beats(tmp_path)
    with client(faulty) as rt:  # what is submitted still runs
        assert rt.submit("in_process", what="x").wait(timeout=20).result() == "done"
    assert beats(tmp_path) == before
    faulty.ok("enable", "--all")
    assert state(faulty) == "going"
    goes_on(tmp_path)


def test_a_halt_outlives_the_supervisor_and_a_reload_but_not_a_new_start(
    faulty: Daemon, tmp_path: Path
) -> None:
    goes_on(tmp_path)
    halt(faulty)
    before = beats(tmp_path)
    restart_supervisor(faulty)
    assert state(faulty) == "halted"
    faulty.rtctl("reload")
    assert state(faulty) == "halted"
    assert beats(tmp_path) == before
    assert faulty.stop() == 0
    faulty.start()
    assert state(faulty) == "going"
    goes_on(tmp_path)


def test_a_pause_by_hand_stays_when_a_fault_halts_the_schedule_too(
    faulty: Daemon, tmp_path: Path
) -> None:
    goes_on(tmp_path)
    faulty.ok("disable", "--all")
    with client(faulty) as rt:
        rt.submit("in_process", what="x", halts=True).wait(timeout=20)
    until(lambda: state(faulty) == "halted", what="the halt")
    assert faulty.stop() == 0
    faulty.start()
    assert state(faulty) == "paused"
    answer = json.loads(faulty.ok("enable", "--all", "-j"))
    assert answer["tasks"] == [{"task": "*", "enabled": True}]
    goes_on(tmp_path)


@pytest.mark.parametrize("task", ["hooked", "given", "filed"])
def test_a_failure_before_a_task_s_own_code_halts_the_schedule_if_it_is_to(
    start_daemon: DaemonMaker, tmp_path: Path, task: str
) -> None:
    (tmp_path / "files").mkdir()
    config = json.dumps({"silence_task_prerun": False})
    env = {"TOLERANT_HOME": str(tmp_path), "TOLERANT_CONFIG": config}
    daemon = start_daemon("tolerant:session", cwd=PROGRAMS, env=env)
    with client(daemon) as rt:
        rt.submit(task).wait(20)
        until(lambda: state(daemon) == "halted", what="the halt")
        assert rt.submit("hooked").wait(20).state == "succeeded"  # the daemon works on
    daemon.ok("enable", "--all")
    assert state(daemon) == "going"
