"""Parameters that the runs of a task get beside those of their submit."""

import os
import signal
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from rtctl import Client, RtdError, Run
from tests.helpers.daemon import BIN, Daemon, shared_daemon
from tests.helpers.deadline import until
from tests.helpers.source import PROGRAMS


@pytest.fixture(scope="module")
def filled() -> Iterator[Daemon]:
    """A daemon with the app of `tests/programs/filled.py`."""
    with shared_daemon("filled:session", cwd=PROGRAMS, env={"FILLED_HOME": "/home/x"}) as daemon:
        yield daemon


@pytest.fixture
def rt(filled: Daemon) -> Iterator[Client]:
    """A client of it."""
    with Client(filled.socket) as client:
        yield client


def result(rt: Client, task: str, **params: Any) -> Any:
    return ended(rt, task, **params).result()


def ended(rt: Client, task: str, **params: Any) -> Run:
    return rt.submit(task, **params).wait(20)


def test_a_function_of_the_session_is_called_in_the_run_s_own_process(rt: Client) -> None:
    run = ended(rt, "announce")
    friend, asked_in, ran_in, extra = run.result()
    assert (friend, extra) == ("anna of north", "none")
    assert asked_in == ran_in
    assert "asked for friends" in "".join(str(line) for line in run.logs())


def test_parameters_of_the_submit_are_stronger(rt: Client) -> None:
    assert result(rt, "announce", friend_list=["bo"], extra="x")[0::2] == ["bo", "x"]


def test_its_own_are_stronger_than_the_session_s_and_no_run_changes_them(rt: Client) -> None:
    for _ in range(3):
        assert result(rt, "own") == ["south", [1, 2], [1, 2, 3]]


def test_every_lane_is_given_them(rt: Client) -> None:
    assert result(rt, "in_thread") == "anna of north"
    run = ended(rt, "in_loop")
    assert run.result() == ["same", "anna of north"]
    assert "asked for later" in "".join(str(line) for line in run.logs())
    assert result(rt, "in_fresh") == ["anna of north", "none", True]
    assert result(rt, "in_main") == ["/home/x", "north"]


def test_a_function_that_raises_ends_the_run_before_the_task(rt: Client) -> None:
    run = ended(rt, "unlucky")
    assert run.state == "exception"
    assert run.row["why"] == "parameter 'broken': ValueError: no such luck"
    assert run.row["attempt"] == 2
    assert "in broken" in rt.rpc.show(run=run.id)["attempts"][0]["error"][2]


def test_it_is_a_fault_of_the_app_s_too(filled: Daemon, rt: Client) -> None:
    ended(rt, "unlucky")
    told = "unlucky.broken: ValueError: no such luck"
    until(lambda: told in filled.log.read_text(), what="the fault is in the log")


def test_a_keyboard_interrupt_of_a_parameter_is_a_failure_like_any_other(
    filled: Daemon, rt: Client
) -> None:
    for task in ("interrupted", "interrupted_in_loop"):
        assert ended(rt, task).row["why"] == "parameter 'x': KeyboardInterrupt"
        told = f"{task}.x: KeyboardInterrupt ("
        until(lambda told=told: told in filled.log.read_text(), what="the fault is in the log")
    assert result(rt, "in_loop")[0] == "same"  # the lane's loop goes on


def test_the_timeout_counts_from_before_the_functions(rt: Client) -> None:
    run = ended(rt, "waits")
    assert (run.state, "timeout" in str(run.row["by"])) == ("terminated", True)
    run = ended(rt, "waits_in_loop")
    assert (run.state, "timeout" in str(run.row["by"])) == ("terminated", True)
    run = rt.submit("announce", friend_list=["x"]).wait(20)
    assert run.state == "succeeded"


def test_a_result_of_a_task_that_is_not_there_is_a_failure(rt: Client) -> None:
    run = ended(rt, "misdirected")
    assert run.state == "exception"
    assert "there is no task 'missing'" in str(run.row["why"])


def test_a_result_is_passed_on_and_none_comes_before_the_first(rt: Client) -> None:
    assert result(rt, "process_data") is None
    value = {"rows": [1, (2, 3)], "at": None}
    assert result(rt, "get_data", data=value) == value
    assert result(rt, "process_data") == value
    result(rt, "get_data")
    assert result(rt, "process_data") is None
    assert result(rt, "in_fresh")[1] is None


def test_a_result_is_there_for_the_next_run_of_the_same_batch() -> None:
    daemon = Daemon("filled:session", cwd=PROGRAMS, flags=["--set", "lanes.process.max=1"])
    daemon.start()
    try:
        with Client(daemon.socket) as rt:
            for _ in range(3):  # the third time it is known that they are short
                runs = [
                    rt.submit(task, **params)
                    for n in range(20)
                    for task, params in (("get_data", {"data": n}), ("process_data", {}))
                ]
                rt.wait(runs, 20)
                assert [run.result() for run in runs] == [n for n in range(20) for _ in range(2)]
    finally:
        daemon.close()


def test_a_task_whose_parameters_nothing_gives_does_not_start_by_its_condition(
    filled: Daemon, rt: Client
) -> None:
    told = "nothing gives it 'day'"
    assert told in filled.ok("why", "incomplete")
    assert told in filled.rtctl("enable", "incomplete").stderr
    assert "incomplete" not in filled.ok("next", "-n", "50")
    assert result(rt, "incomplete", day="today") == "today"
    assert [run.row["text"] for run in rt.ls("incomplete")] == ['day="today"']


def test_check_says_what_cannot_be_given(filled: Daemon) -> None:
    done = subprocess.run(
        ["rtd", "check", "filled:session"],
        executable=BIN / "rtd", cwd=PROGRAMS, env=filled.env, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 3
    row = next(line for line in done.stdout.splitlines() if line.startswith("process_data"))
    assert row.split()[1:3] == ["process", "mydata=..."]
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    assert "misdirected.day: there is no task 'missing' whose result it could be" in lines[0]
    assert "incomplete: it cannot start by its condition: nothing gives it 'day'" in lines[1]


def all_ended(rt: Client, runs: list[Run]) -> bool:
    """Return whether all have ended; false also while Redis is away."""
    try:
        rt.wait(runs, 10)
    except RtdError:
        return False
    return True


def test_redis_may_die_while_parameters_are_looked_up() -> None:
    daemon = Daemon("filled:session", cwd=PROGRAMS)
    daemon.start()
    try:
        with Client(daemon.socket) as rt:
            ended(rt, "get_data", data="kept")
            for _ in range(2):
                runs = [
                    run
                    for task in ("process_data", "own", "in_thread", "in_fresh", "in_loop")
                    for run in rt.submit_many(task, [{}] * 30)
                ]
                os.kill(rt.rpc.info()["redis"]["pid"], signal.SIGKILL)
                until(partial(all_ended, rt, runs), within_s=40, what="all runs have ended")
                assert {run.state for run in runs} == {"succeeded"}
                assert {run.result() for run in runs[:30]} == {"kept"}
    finally:
        daemon.close()


def test_simulate_takes_the_parameters_of_the_session_as_they_are_declared(
    tmp_path: Path, filled: Daemon
) -> None:
    app = tmp_path / "app.py"
    app.write_text(
        "from rtd import Session\n"
        "session = Session(parameters={'region': 'north'})\n"
        "@session.task(start_cond=\"daily & param 'region' is 'north'\")\n"
        "def north(region): ...\n"
        "@session.task(start_cond=\"daily & param 'region' is 'south'\")\n"
        "def south(region): ...\n"
        "@session.task(start_cond='daily')\n"
        "def never(nothing): ...\n"
    )
    names = filled.ok("simulate", str(app), "--from", "2026-01-01", "--to", "2026-01-03", "-j")
    assert {"north"} == {task for task in ("north", "south", "never") if task in names}
