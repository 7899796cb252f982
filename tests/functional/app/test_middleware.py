"""Middleware in a daemon: the order, what it may change, and how it hears of each end."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rtctl import Client, Run
from tests.helpers.daemon import Daemon, shared_daemon
from tests.helpers.deadline import until
from tests.helpers.source import PROGRAMS
from tests.programs.wrapped import LANES


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("wrapped")
    shutil.copy(PROGRAMS / "wrapped.py", home)
    return home


@pytest.fixture(scope="module")
def daemon(home: Path) -> Iterator[Daemon]:
    with shared_daemon(
        "wrapped.py", cwd=home, env={"WRAPPED_DIARY": str(home / "diary")}
    ) as daemon:
        yield daemon


@pytest.fixture
def rt(daemon: Daemon) -> Iterator[Client]:
    with Client(daemon.socket) as client:
        yield client


def entries(home: Path, run: Run) -> list[str]:
    """What middleware and task wrote about one run."""
    lines = (home / "diary").read_text().splitlines() if (home / "diary").exists() else []
    return [line.removeprefix(f"{run.id} ") for line in lines if line.startswith(run.id)]


def outcomes(home: Path, run: Run) -> list[str]:
    return [line.removeprefix("outcome ") for line in entries(home, run) if "outcome " in line]


def heard(home: Path, run: Run, number: int = 1) -> list[str]:
    until(lambda: len(outcomes(home, run)) >= number, within_s=20, what="middleware has heard")
    return outcomes(home, run)


def pid_of(rt: Client, run: Run) -> int:
    pid: int = rt.rpc.show(run=run.id)["row"]["pid"]
    return pid


def last_attempt(rt: Client, run: Run) -> dict[str, Any]:
    found: dict[str, Any] = rt.rpc.show(run=run.id)["attempts"][-1]
    return found


@pytest.mark.parametrize("lane", LANES)
def test_the_outermost_comes_first_and_hears_last(rt: Client, home: Path, lane: str) -> None:
    run = rt.submit(f"work/{lane}", value=3).wait(20)
    assert run.result() == 3
    assert entries(home, run) == [
        f"outer work/{lane} running 1 () ['value']",
        "inner 3",
        "task 3",
        "inner outcome",
        "outcome 1 succeeded None retry=False same=True by=task",
    ]


def test_names_in_the_place_of_values_are_a_fault_that_names_the_line(
    daemon: Daemon, rt: Client
) -> None:
    rt.submit("work/process", value=2).wait(20)
    code = (PROGRAMS / "wrapped.py").read_text().splitlines()
    line = 1 + next(n for n, text in enumerate(code) if "run(*args, *kwargs)" in text)
    found = daemon.rtctl("status").stdout
    assert "write run(*args, **kwargs)" in found
    assert f"line {line}" in found


@pytest.mark.parametrize(
    ("mode", "state", "told"),
    [
        ("error", "error", "1 error Error retry=False same=True by=task"),
        ("raise", "exception", "1 exception ValueError retry=False same=True by=task"),
        ("skip", "cancelled", "1 cancelled Skip retry=False same=True by=task"),
        ("skip outer", "cancelled", "1 cancelled Skip retry=False same=True by=middleware"),
        ("refuse", "exception", "1 exception PermissionError retry=False same=True by=task"),
        ("set", "exception", "1 exception ResultRefused retry=False same=True by=task"),
        ("strange", "exception", "1 exception ParameterError retry=False same=True by=task"),
    ],
)
def test_each_end_by_itself_is_heard_of(
    rt: Client, home: Path, mode: str, state: str, told: str
) -> None:
    run = rt.submit("work/process", mode=mode).wait(20)
    assert run.state == state
    assert outcomes(home, run) == [told]


@pytest.mark.parametrize("lane", ["fresh", "thread", "async"])
@pytest.mark.parametrize("mode", ["raise", "skip", "skip outer"])
def test_it_is_the_same_in_other_lanes(rt: Client, home: Path, lane: str, mode: str) -> None:
    run = rt.submit(f"work/{lane}", mode=mode).wait(20)
    told = outcomes(home, run)
    assert len(told) == 1
    assert run.state == told[0].split()[1]
    if run.state == "cancelled":
        why = "the outer one has nothing to do" if "outer" in mode else "nothing to do"
        assert run.error == why
        assert run.row["by"] == ("middleware" if "outer" in mode else "task")
        assert last_attempt(rt, run)["state"] == "cancelled"


def test_a_task_that_was_not_called_is_a_success_with_a_note(rt: Client, home: Path) -> None:
    run = rt.submit("work/process", mode="never").wait(20)
    assert (run.state, run.result()) == ("succeeded", None)
    assert "Outer did not call the task" in last_attempt(rt, run)["note"]


def test_it_may_call_twice_change_parameters_and_replace_the_result(rt: Client, home: Path) -> None:
    run = rt.submit("work/process", mode="twice").wait(20)
    assert entries(home, run).count("task 1") == 2
    assert rt.submit("work/process", mode="change").wait(20).result() == 5
    assert rt.submit("work/process", mode="replace").wait(20).result() == {"was": 1}


@pytest.mark.parametrize("lane", ["process", "fresh", "thread", "async"])
def test_true_makes_a_failure_a_success(rt: Client, home: Path, lane: str) -> None:
    run = rt.submit(f"work/{lane}", mode="clear").wait(20)
    assert (run.state, run.result()) == ("succeeded", None)
    assert "made it a success" in last_attempt(rt, run)["note"]


def test_one_that_raises_changes_nothing(daemon: Daemon, rt: Client, home: Path) -> None:
    run = rt.submit("work/process", mode="broken").wait(20)
    assert run.state == "exception"
    assert run.error == "ValueError: odd"
    assert outcomes(home, run) == ["1 exception ValueError retry=False same=True by=task"]
    assert "Inner.process_outcome raised LookupError" in last_attempt(rt, run)["note"]
    assert "in process_outcome" in daemon.rtctl("status").stdout


def test_each_attempt_is_heard_of_with_whether_it_is_tried_again(rt: Client, home: Path) -> None:
    run = rt.task("work/process", retries=1, backoff=0).submit(mode="raise").wait(20)
    assert run.state == "exception"
    assert outcomes(home, run) == [
        "1 exception ValueError retry=True same=True by=task",
        "2 exception ValueError retry=False same=True by=task",
    ]


def test_what_fails_before_run_task_is_heard_of(rt: Client, home: Path) -> None:
    run = rt.submit("filled").wait(20)
    assert run.state == "exception"
    assert heard(home, run) == ["1 exception ArithmeticError retry=False same=False by=task"]
    run = rt.submit("Within").wait(20)
    assert heard(home, run) == ["1 exception OSError retry=False same=False by=task"]


@pytest.mark.parametrize("lane", LANES)
def test_a_kill_is_heard_of_from_the_record(rt: Client, home: Path, lane: str) -> None:
    run = rt.submit(f"work/{lane}", mode="stay")
    until(lambda: "staying" in entries(home, run), within_s=20, what="it stays")
    run.kill(reason="enough")
    run.wait(20)
    told = heard(home, run)
    assert len(told) == 1
    assert told[0].startswith("1 terminated TaskAborted retry=False same=True by=uid")


@pytest.mark.parametrize("lane", ["process", "thread"])
def test_a_timeout_that_is_tried_again_is_heard_of_before_the_next_attempt(
    rt: Client, home: Path, lane: str
) -> None:
    task = rt.task(f"work/{lane}", timeout=0.3, retries=1, backoff=0, retry_on="timeout")
    run = task.submit(mode="stay").wait(20)
    assert run.state == "terminated"
    assert heard(home, run, 2) == [
        "1 terminated TaskAborted retry=True same=True by=timeout",
        "2 terminated TaskAborted retry=False same=True by=timeout",
    ]


def test_the_command_of_a_task_has_middleware_too(rt: Client, home: Path) -> None:
    run = rt.submit("echo").wait(20)
    assert run.result() == "hello\n"
    assert outcomes(home, run) == ["1 succeeded None retry=False same=True by=task"]
    run = rt.submit("failing").wait(20)
    assert (run.state, run.error) == ("error", "exit 3: oops")
    assert outcomes(home, run) == ["1 error CommandFailed retry=False same=True by=task"]
    run = rt.submit("sleeping")
    until(lambda: run.refresh().state == "running", within_s=20, what="it runs")
    run.kill(reason="enough")
    assert run.wait(20).state == "terminated"
    assert heard(home, run)[0].startswith("1 terminated TaskAborted")


def test_a_lost_executor_is_heard_of(rt: Client, home: Path) -> None:
    run = rt.submit("work/process", mode="die").wait(20)
    assert run.state == "lost"
    assert heard(home, run)[0].startswith("1 lost TaskAborted retry=False")
    run = rt.submit("work/process", mode="stay")
    until(lambda: "staying" in entries(home, run), within_s=20, what="it stays")
    os.kill(pid_of(rt, run), signal.SIGKILL)
    assert run.wait(20).state == "lost"
    assert heard(home, run)[0].startswith("1 lost TaskAborted retry=False")


def test_a_run_that_goes_back_to_its_queue_is_not_heard_of(rt: Client, home: Path) -> None:
    run = rt.task("work/process", on_lost="requeue").submit(mode="stay")
    until(lambda: "staying" in entries(home, run), within_s=20, what="it stays")
    os.kill(pid_of(rt, run), signal.SIGKILL)
    until(lambda: entries(home, run).count("staying") == 2, within_s=20, what="it runs again")
    assert outcomes(home, run) == []
    run.kill(reason="enough")
    assert heard(home, run.wait(20))[0].startswith("2 terminated TaskAborted")


def test_a_run_that_expires_is_heard_of(rt: Client, home: Path) -> None:
    rt.rpc.queue_pause(queues=["nowhere"])
    waiting = rt.task("work/process", queue="nowhere", expires=0.2).submit()
    assert waiting.wait(20).state == "cancelled"
    assert heard(home, waiting)[0].startswith("1 cancelled TaskAborted retry=False")


def test_a_cancelled_run_is_not_heard_of(rt: Client, home: Path) -> None:
    rt.rpc.queue_pause(queues=["nowhere"])
    run = rt.task("work/process", queue="nowhere").submit()
    run.cancel()
    assert run.wait(20).state == "cancelled"
    other = rt.submit("work/process", mode="die").wait(20)
    heard(home, other)
    assert outcomes(home, run) == []


def test_a_run_that_has_begun_and_is_cancelled_is_heard_of(
    daemon: Daemon, rt: Client, home: Path
) -> None:
    task = rt.task("work/process", retries=2, backoff=60, queue="later")
    killed, purged = task.submit(mode="raise"), task.submit(mode="raise")
    assert heard(home, killed) == ["1 exception ValueError retry=True same=True by=task"]
    heard(home, purged)
    killed.kill(reason="enough")
    assert killed.wait(20).state == "cancelled"
    assert heard(home, killed, 2)[1].startswith("1 cancelled TaskAborted retry=False")
    daemon.ok("queue", "purge", "later", "--yes")
    assert purged.wait(20).state == "cancelled"
    assert heard(home, purged, 2)[1].startswith("1 cancelled TaskAborted retry=False")


def test_a_stop_of_process_outcome_changes_no_outcome(rt: Client, home: Path) -> None:
    run = rt.submit("work/process", mode="hang")
    until(lambda: "hanging" in entries(home, run), within_s=20, what="it hangs")
    run.kill(reason="enough")
    run.wait(20)
    assert run.state == "succeeded"
    assert "process_outcome was stopped" in last_attempt(rt, run)["note"]
