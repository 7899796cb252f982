"""The configuration of a session: code of the app that fails, and the cycle."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client
from tests.helpers.source import PROGRAMS

#: What fails before a task's own code: the task, and what becomes of its run.
PRERUN = {
    "hooked": ("succeeded", "hook", "tolerant.hook"),
    "given": ("exception", "parameter", "given.weather"),
    "filed": ("exception", "task", "filed"),
}


@pytest.fixture
def tolerant(start_daemon: DaemonMaker, tmp_path: Path) -> DaemonMaker:
    """Starts a daemon with the app of `tests/programs/tolerant.py` and this configuration."""
    (tmp_path / "files").mkdir()

    def start(config: dict[str, Any], **more: str) -> Daemon:
        env = {"TOLERANT_HOME": str(tmp_path), "TOLERANT_CONFIG": json.dumps(config), **more}
        return start_daemon("tolerant:session", cwd=PROGRAMS, env=env)

    return start


def status(daemon: Daemon) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(daemon.rtctl("status", "-j").stdout)
    return answer


def faults(daemon: Daemon) -> set[tuple[str, str]]:
    return {(row["kind"], row["what"]) for row in status(daemon)["faults"]}


def count(path: Path) -> int:
    return len(path.read_text()) if path.exists() else 0


def goes_on(path: Path) -> bool:
    """The schedule starts runs: three more within the deadline."""
    before = count(path)
    return until(lambda: count(path) >= before + 3, what="three more beats")


@pytest.mark.parametrize("task", sorted(PRERUN))
def test_a_failure_before_a_task_s_own_code_is_a_fault(
    tolerant: DaemonMaker, tmp_path: Path, task: str
) -> None:
    daemon = tolerant({"silence_task_prerun": True})
    state, kind, what = PRERUN[task]
    with client(daemon) as rt:
        assert rt.submit(task).wait(20).state == state
    until(lambda: (kind, what) in faults(daemon), what=f"the fault {kind} {what}")
    assert status(daemon)["schedule"]["state"] == "going"
    assert goes_on(tmp_path / "beats")


@pytest.mark.parametrize("task", sorted(PRERUN))
def test_unless_the_session_says_otherwise_then_it_halts_the_schedule_too(
    tolerant: DaemonMaker, tmp_path: Path, task: str
) -> None:
    daemon = tolerant({"silence_task_prerun": False})
    state, kind, what = PRERUN[task]
    assert goes_on(tmp_path / "beats")
    with client(daemon) as rt:
        assert rt.submit(task).wait(20).state == state
        until(lambda: status(daemon)["schedule"]["state"] == "halted", what="the halt")
        assert what in status(daemon)["schedule"]["why"]
        assert (kind, what) in faults(daemon)
        beats = count(tmp_path / "beats")
        assert rt.submit("beat").wait(20).state == "succeeded", "what is submitted runs"
        assert count(tmp_path / "beats") <= beats + 2
    daemon.ok("enable", "--all")
    assert goes_on(tmp_path / "beats")
    assert status(daemon)["schedule"]["state"] == "going"


@pytest.mark.parametrize("silent", [True, False])
def test_a_condition_that_raises_is_false_and_halts_the_schedule_if_it_is_to(
    tolerant: DaemonMaker, tmp_path: Path, silent: bool
) -> None:
    daemon = tolerant({"silence_cond_check": silent, "cycle_sleep": 0.1}, TOLERANT_COND="yes")
    found = until(
        lambda: [row for row in status(daemon)["faults"] if row["kind"] == "condition"],
        what="the fault of the condition",
    )
    assert "a condition" in found[0]["message"]
    if silent:
        assert goes_on(tmp_path / "beats")
        assert status(daemon)["schedule"]["state"] == "going"
    else:
        until(lambda: status(daemon)["schedule"]["state"] == "halted", what="the halt")
    assert not (tmp_path / "conditioned").exists()


def test_a_file_or_a_log_handler_that_raises_is_a_fault(
    tolerant: DaemonMaker, tmp_path: Path
) -> None:
    (tmp_path / "files" / "bad.py").write_text("import nobody_has_this\n")
    (tmp_path / "files" / "good.py").write_text(
        "from rtd.tasks import FuncTask\n@FuncTask()\ndef good():\n    return 'good'\n"
    )
    daemon = tolerant({}, TOLERANT_LOG="yes")
    with client(daemon) as rt:
        assert rt.submit("good").wait(20).result() == "good"
    until(lambda: {"loader", "log"} <= {kind for kind, _ in faults(daemon)}, what="both faults")
    assert goes_on(tmp_path / "beats")
    assert "Traceback" not in daemon.log.read_text()


def test_cycle_sleep_is_how_often_the_cycle_is_called(
    tolerant: DaemonMaker, tmp_path: Path
) -> None:
    daemon = tolerant({"cycle_sleep": "50 ms"})
    cycles = tmp_path / "cycles"
    until(lambda: count(cycles) >= 1, what="the first cycle")
    before = count(cycles)
    until(lambda: count(cycles) >= before + 10, what="ten cycles in a few seconds")
    assert daemon.stop() == 0
    slow = tolerant({"cycle_sleep": "1 hour"})
    until(lambda: goes_on(tmp_path / "beats"))
    before = count(cycles)
    assert goes_on(tmp_path / "beats")
    assert count(cycles) == before
    assert slow.stop() == 0
