"""Deadlines and limits, enforced on whole process trees, in every lane that can."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rtctl import Client
from rtctl.client.run import Run
from rtd.common.errors import PolicyError
from tests.helpers.daemon import shared_daemon
from tests.helpers.deadline import until
from tests.helpers.running import SMALL, client, executor_of, until_output
from tests.helpers.source import PROGRAMS


@pytest.fixture(scope="module")
def limited() -> Iterator[Client]:
    """One daemon for all of these."""
    with shared_daemon("supervised:session", SMALL, cwd=PROGRAMS) as daemon, client(daemon) as rt:
        yield rt


def test_a_run_is_stopped_at_its_timeout(limited: Client) -> None:
    run = limited.task("sleep", timeout="0.5s").submit(seconds=600).wait(timeout=20)
    assert (run.state, run.row["by"]) == ("terminated", "timeout")
    assert 0.5 <= run.row["ended_at"] - run.row["started_at"] < 2.0


def test_a_timeout_holds_for_each_attempt(limited: Client) -> None:
    run = limited.command("sleep", "600", options={"timeout": "0.4s"}).wait(timeout=20)
    assert (run.state, run.row["by"]) == ("terminated", "timeout")


@pytest.mark.parametrize("task", ["polite_thread", "polite_coroutine"])
def test_a_timeout_holds_in_lanes_that_share_a_process(limited: Client, task: str) -> None:
    run = limited.task(task, timeout="0.3s").submit().wait(timeout=20)
    assert (run.state, run.row["by"]) == ("terminated", "timeout")


def test_many_deadlines_are_each_kept(limited: Client) -> None:
    coroutine = limited.task("polite_coroutine", timeout="0.3s")
    runs = [coroutine.submit() for _ in range(30)]
    limited.wait(runs, timeout=15)
    assert {run.row["by"] for run in runs} == {"timeout"}


def test_the_memory_of_the_whole_tree_is_limited(limited: Client) -> None:
    run = limited.task("grow", memory_limit="150M").submit(megabytes=400).wait(timeout=15)
    assert (run.state, run.row["by"]) == ("terminated", "memory limit")
    assert "its limit is 150.0 MB" in run.row["why"]


def test_the_memory_of_a_commands_children_counts(limited: Client) -> None:
    eater = f"{sys.executable} -c 'x = bytearray(300 << 20); import time; time.sleep(60)'"
    command = ("sh", "-c", f"{eater} & wait")
    run = limited.command(*command, options={"memory_limit": "100M", "stop_grace": "0.2s"})
    run.wait(timeout=15)
    assert (run.state, run.row["by"]) == ("terminated", "memory limit")


def test_cpu_time_is_limited_and_idle_time_does_not_count(limited: Client) -> None:
    idle = limited.task("sleep", cpu_time_limit="0.3s").submit(seconds=1.5)
    busy = limited.task("burn", cpu_time_limit="0.5s", stop_grace="0.2s").submit()
    busy.wait(timeout=20)
    assert (busy.state, busy.row["by"]) == ("terminated", "cpu limit")
    assert idle.wait(timeout=20).state == "succeeded"


def test_an_executors_earlier_runs_do_not_count_against_a_limit(limited: Client) -> None:
    burnt = limited.task("burn", timeout="1.5s").submit().wait(timeout=20)
    assert burnt.state == "terminated"
    runs = [limited.task("sleep", cpu_time_limit="1s").submit(seconds=0.8) for _ in range(2)]
    limited.wait(runs, timeout=10)
    assert {run.row["state"] for run in runs} == {"succeeded"}


def test_a_deaf_run_is_killed_at_its_timeout_with_its_output_kept(limited: Client) -> None:
    run = limited.task("deaf", timeout="0.5s", stop_grace="0.3s").submit()
    pid = executor_of(limited, run)
    until_output(run, "deaf")
    run.wait(timeout=20)
    assert (run.state, run.row["by"]) == ("terminated", "timeout")
    assert run.row["exit"] == [None, 9]
    assert [entry[0] for entry in limited.rpc.show(run=run.id)["pids"]] == [pid]
    assert [str(line) for line in run.logs()] == ["deaf"]


def attempts(rt: Client, run: Run) -> list[tuple[str, str | None]]:
    """The state of each attempt, and the type of its error."""
    rows = rt.rpc.show(run=run.id)["attempts"]
    return [(row["state"], row["error"] and row["error"][0]) for row in rows]


@pytest.mark.parametrize(
    ("task", "params"),
    [("sleep", {"seconds": 600}), ("polite_thread", {}), ("polite_coroutine", {}), ("deaf", {})],
)
def test_a_run_that_timed_out_is_tried_again_where_that_is_wanted(
    limited: Client, task: str, params: dict[str, Any]
) -> None:
    options: Any = {"timeout": "0.3s", "stop_grace": "0.2s", "retries": 2, "backoff": 0.01}
    run = limited.task(task, retry_on=["timeout"], **options).submit(**params).wait(timeout=30)
    assert (run.state, run.row["by"]) == ("terminated", "timeout")
    assert attempts(limited, run) == [("terminated", "timeout")] * 2 + [("terminated", None)]
    once = limited.task(task, **options).submit(**params).wait(timeout=20)
    assert (once.state, once.row["attempt"]) == ("terminated", 1)
    never: Any = {"retry_on": ["timeout"], "no_retry_on": ["timeout"]}
    run = limited.task(task, **options, **never).submit(**params).wait(timeout=20)
    assert (run.state, run.row["attempt"]) == ("terminated", 1)


def test_a_command_that_timed_out_once_may_succeed(limited: Client, tmp_path: Path) -> None:
    script = f"test -e {tmp_path}/x && exit 0; touch {tmp_path}/x; sleep 600"
    options: Any = {"timeout": "1s", "retries": 1, "backoff": 0.01, "retry_on": ["timeout"]}
    run = limited.command("sh", "-c", script, options=options).wait(timeout=20)
    assert run.state == "succeeded"
    assert attempts(limited, run) == [("terminated", "timeout"), ("succeeded", None)]


def test_a_limit_of_memory_and_of_cpu_time_too(limited: Client) -> None:
    options: Any = {"retries": 1, "backoff": 0.01, "stop_grace": "0.2s"}
    eats = limited.task("grow", memory_limit="150M", retry_on=["memory_limit"], **options)
    burns = limited.task("burn", cpu_time_limit="0.3s", retry_on=["cpu limit"], **options)
    runs = limited.wait([eats.submit(megabytes=400), burns.submit()], timeout=30)
    assert [run.row["attempt"] for run in runs] == [2, 2]
    assert attempts(limited, runs[0])[0] == ("terminated", "memory limit")
    assert attempts(limited, runs[1])[0] == ("terminated", "cpu limit")


def test_who_kills_a_run_that_timed_out_wants_it_to_end(limited: Client) -> None:
    options: Any = {"timeout": "0.3s", "stop_grace": "60s", "retries": 5, "retry_on": ["timeout"]}
    run = limited.task("deaf", **options).submit()
    executor_of(limited, run)
    due_at = (run.row["started_at"] or 0.0) + 0.5
    until(lambda: time.time() > due_at, what="its timeout, which a client does not see")
    run.kill(grace=0)
    row = run.wait(timeout=20).row
    assert (row["state"], row["attempt"]) == ("terminated", 1)
    assert row["by"].startswith("uid ")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("lost", "on_lost='requeue' tries a run again whose executor died"),
        ("terminated", "a run that was asked to stop is not tried again"),
        ("exception", "Exception stands for all of them"),
    ],
)
def test_a_name_that_can_never_be_retried_is_refused(limited: Client, name: str, why: str) -> None:
    with pytest.raises(PolicyError, match=f"retry_on: '{name}' is no exception: {why}"):
        limited.task("sleep", retry_on=[name]).submit(seconds=0)
