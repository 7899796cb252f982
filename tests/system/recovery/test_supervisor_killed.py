"""The supervisor killed while tasks come due: nothing is lost, nothing runs twice."""

import json
import socket
import time
from pathlib import Path

import pytest

from rtd.store.connection.command import RedisCommand
from rtd.store.connection.lua_scripts import script
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.killing import kill_and_check, ticks
from tests.helpers.occurrences import connect_redis, occurrences, outcome_text
from tests.helpers.running import restart_supervisor
from tests.helpers.source import PROGRAMS


@pytest.mark.slow
def test_a_killed_supervisor_loses_no_occurrence_and_runs_none_twice(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    path = tmp_path / "ticks"
    daemon = start_daemon("ticking:session", cwd=PROGRAMS, env={"TICKS": str(path)})
    kill_and_check(daemon, path, kills=4, seed=1)


def forget_scripts_after_misfires(daemon: Daemon, *then: RedisCommand) -> None:
    """Wait until tasks have come due; let Redis forget all scripts, and do what follows."""
    killed_at = time.time()
    until(lambda: time.time() > killed_at + 0.5, what="five due moments")
    with connect_redis(daemon) as link:
        for command in (RedisCommand(("SCRIPT", "FLUSH")), *then):
            link.execute(command)


def test_catch_ups_are_made_once_although_redis_does_not_know_all_scripts(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    """A script that Redis does not know is sent again, behind what should follow it."""
    path = tmp_path / "ticks"
    daemon = start_daemon("ticking:session", cwd=PROGRAMS, env={"TICKS": str(path)})
    until(lambda: len(ticks(path)) > 10, what="ticks")
    known = RedisCommand(("SCRIPT", "LOAD", script("fire").source))
    restart_supervisor(daemon, lambda: forget_scripts_after_misfires(daemon, known))
    began = len(ticks(path))
    until(lambda: len(ticks(path)) > began + 20, what="ticks after the kill")
    daemon.ok("disable", "--all")
    with connect_redis(daemon) as link:
        assert link.execute(RedisCommand(("HGETALL", "{rtd:rtd}:owed"))) == []


def test_the_time_is_noted_after_what_was_decided_although_redis_has_forgotten_a_script(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    """A script that Redis does not know is sent again, behind all else: a supervisor that is killed
    before that would leave a note of the time, and none of the moments that were missed."""
    daemon = start_daemon("ticking:session", cwd=PROGRAMS, env={"TICKS": str(tmp_path / "ticks")})
    until(lambda: len(ticks(tmp_path / "ticks")) > 10, what="ticks")
    with socket.socket(socket.AF_UNIX) as monitor:
        monitor.connect(f"{daemon.home}/state/redis/redis.sock")

        def prepare() -> None:
            forget_scripts_after_misfires(daemon)
            monitor.sendall(b"MONITOR\r\n")

        restart_supervisor(daemon, prepare)
        monitor.settimeout(20.0)
        said = b""
        while b'.sock] "SET" "{rtd:rtd}:alive"' not in said or b'"{rtd:rtd}:occ:none"' not in said:
            said += monitor.recv(1 << 16)
        seen = said.splitlines()
    noted = next(i for i, line in enumerate(seen) if b'"{rtd:rtd}:occ:none"' in line)
    timed = next(i for i, line in enumerate(seen) if b'.sock] "SET" "{rtd:rtd}:alive"' in line)
    assert noted < timed, seen[timed]


def test_a_stop_over_five_due_times_leaves_five_records_and_each_policy_does_what_it_says(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    path = tmp_path / "ticks"
    daemon = start_daemon("ticking:session", cwd=PROGRAMS, env={"TICKS": str(path)})
    until(lambda: len(ticks(path)) > 20, what="ticks")
    daemon.stop()
    stopped_at = time.time()
    until(lambda: time.time() > stopped_at + 0.7, what="seven due moments")
    daemon.start()
    started_at = time.time()
    before = len(ticks(path))
    until(lambda: len(ticks(path)) > before + 20, what="ticks after the stop")
    with connect_redis(daemon) as link:
        for task, verdicts in VERDICTS.items():
            missed = [
                outcome_text(due)
                for due in occurrences(link, task)
                if stopped_at + 0.2 < due.due_us / 1e6 < min(started_at, stopped_at + 0.7)
            ]
            assert len(missed) >= 4, task
            assert set(missed) <= verdicts, task
            rows = _missed_by_the_stop(daemon, task)
            assert len(rows) >= 5
            assert {row["verdict"] for row in rows} <= verdicts, task


def test_a_task_that_is_new_is_not_made_up_for_a_stop_before_it_was_there(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    app = tmp_path / "app.py"
    app.write_text(APP)
    daemon = start_daemon(str(app))
    until(lambda: "old" in daemon.ok("ls", "-j"), what="a run of the old task")
    daemon.stop()
    app.write_text(APP + APP.partition("\n\n")[2].replace("old", "new"))
    stopped_at = time.time()
    until(lambda: time.time() > stopped_at + 0.7, what="due moments of the stop")
    daemon.start()
    until(lambda: _runs(daemon, "new"), what="a run of the new task")
    assert _missed_by_the_stop(daemon, "new") == []
    assert len(_missed_by_the_stop(daemon, "old")) >= 4


def _missed_by_the_stop(daemon: Daemon, task: str) -> list[dict[str, str]]:
    """Return the misses of a task but those that came while a run of its own was going."""
    rows = json.loads(daemon.ok("misses", task, "-j", "--limit", "1000"))["misses"]
    return [row for row in rows if row["reason"].startswith("rtd was not running")]


def _runs(daemon: Daemon, task: str) -> list[object]:
    found: list[object] = json.loads(daemon.ok("ls", "--task", task, "-j"))["runs"]
    return found


APP = """from rtd import Session
session = Session()

@session.task(start_cond="every 100 ms", catch_up="all")
def old():
    pass
"""

#: What becomes of moments that were due while rtd was not running.
VERDICTS = {
    "none": {"missed"},
    "last": {"coalesced", "late"},
    "all": {"late"},
    "within": {"coalesced", "late"},
    "too-late": {"missed"},
    "if-true": {"coalesced", "late"},
}
