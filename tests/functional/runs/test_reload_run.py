"""rtctl reload-run: the same run begins again, with the values of now."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rtctl import AsyncClient, Client
from rtctl.client.run import Run
from rtd.common.errors import ParameterError, TooLarge, WrongState
from tests.helpers.daemon import Daemon, shared_daemon
from tests.helpers.deadline import until
from tests.helpers.running import client, until_output, until_running
from tests.helpers.source import PROGRAMS

LANES = ("process", "fresh", "thread", "main", "coroutine", "class")


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    """A daemon with a task for each lane."""
    flags = ["--set", "limits.params=100K"]
    with shared_daemon("reloaded:session", flags, cwd=PROGRAMS) as daemon:
        yield daemon


@pytest.fixture
def rt(daemon: Daemon) -> Iterator[Client]:
    with client(daemon) as found:
        yield found


def begun(run: Run, text: str) -> Run:
    """Wait until the code of the run says that it is there."""
    until_running(run)
    until_output(run, text)
    return run


def attempts(rt: Client, run: Run) -> list[dict[str, Any]]:
    """Return the attempts that are over."""
    return list(rt.rpc.show(run=run.id)["attempts"])


@pytest.mark.parametrize("task", LANES)
def test_the_same_run_begins_again_with_new_values(rt: Client, task: str, gate: Path) -> None:
    run = begun(rt.submit(task, value="old", gate=str(gate)), "attempt 1 has old")
    assert run.reload(value="new") is run
    begun(run, "attempt 2 has new")
    (first,) = attempts(rt, run)
    assert (first["number"], first["state"], first["error"]) == (1, "terminated", None)
    assert "reloaded by uid" in first["note"]
    assert first["note"].endswith("with another value")
    row = run.refresh().row
    assert (row["state"], row["attempt"], row["attempts"]) == ("running", 2, 2)
    assert rt.rpc.show(run=run.id)["params"] == {"value": "new", "gate": str(gate)}
    gate.touch()
    assert run.result(timeout=20) == "new of attempt 2"
    assert [one["state"] for one in attempts(rt, run)] == ["terminated", "succeeded"]
    row = run.refresh().row
    assert (row["by"], row["attempts"]) == ("task", 2)


def test_without_values_it_has_those_of_before_and_it_may_be_done_again(
    rt: Client, gate: Path
) -> None:
    run = begun(rt.submit("process", value="same", gate=str(gate)), "attempt 1 has same")
    for number in range(2, 5):
        run.reload()
        begun(run, f"attempt {number} has same")
    gate.touch()
    assert run.result(timeout=20) == "same of attempt 4"


def test_the_stop_of_a_class_is_called_and_what_it_returns_then_is_no_result(
    rt: Client, gate: Path
) -> None:
    run = begun(rt.submit("class", value="old", gate=str(gate)), "attempt 1 has old")
    run.reload(value="new")
    begun(run, "attempt 2 has new")
    assert "asked to stop with old" in list(run.logs(attempt=1))
    gate.touch()
    assert run.result(timeout=20) == "new of attempt 2"


@pytest.mark.parametrize("grace", ["0", "0.2s"])
def test_one_that_does_not_stop_is_killed_and_begins_again(
    daemon: Daemon, rt: Client, gate: Path, grace: str
) -> None:
    run = begun(rt.submit("deaf", value="old", gate=str(gate)), "attempt 1 has old")
    words = ("value=new", "--grace", grace, "--reason", "it hangs")
    assert daemon.ok("reload-run", run.id, *words) == f"{run.id}  attempt 2\n"
    begun(run, "attempt 2 has new")
    (first,) = attempts(rt, run)
    assert first["exit"] == [None, 9]
    assert "with another value: it hangs; it did not end when asked; its executor" in first["note"]
    gate.touch()
    assert run.result(timeout=20) == "new of attempt 2"


def test_a_thread_that_does_not_yield_is_left_behind_and_the_run_begins_again(
    rt: Client, gate: Path
) -> None:
    run = begun(rt.submit("blocked", value="old", gate=str(gate)), "attempt 1 has old")
    run.reload(value="new")
    assert run.result(timeout=20) == "new"
    (first, second) = attempts(rt, run)
    assert (first["state"], second["state"]) == ("terminated", "succeeded")
    assert "with another value; it did not end within its grace" in first["note"]


def test_a_command_begins_again_with_other_words(daemon: Daemon, rt: Client, gate: Path) -> None:
    script = f'echo "$0 $RTD_ATTEMPT"; until [ -e {gate} ]; do sleep 0.01; done'
    run = begun(rt.command("sh", "-c", script, "old"), "old 1")
    words = json.dumps(["sh", "-c", script, "new"])
    daemon.ok("reload-run", run.id, f"argv:={words}")
    begun(run, "new 2")
    gate.touch()
    assert run.wait(timeout=20).state == "succeeded"


def test_retries_are_neither_used_nor_waited_for(rt: Client, gate: Path) -> None:
    run = begun(rt.submit("fails", value="a", gate=str(gate)), "attempt 1 has a")
    run.reload(value="b")
    begun(run, "attempt 2 has b")
    run.reload(value="c")
    begun(run, "attempt 3 has c")
    assert run.refresh().row["attempts"] == 4
    gate.touch()
    assert run.wait(timeout=20).state == "exception"
    states = [one["state"] for one in attempts(rt, run)]
    assert states == ["terminated", "terminated", "exception", "exception"]
    assert run.error == "ValueError: c of attempt 4"


def test_it_goes_before_the_others_of_its_queue(rt: Client, gate: Path) -> None:
    run = begun(rt.submit("process", value="first", gate=str(gate)), "attempt 1 has first")
    others = rt.submit_many("process", [{"value": "x", "gate": str(gate)}] * 3)  # one at a time
    run.reload()
    begun(run, "attempt 2 has first")
    assert {other.state for other in others} == {"queued"}
    gate.touch()
    rt.wait([run, *others], timeout=20)


def test_it_is_an_event_and_no_end(daemon: Daemon, rt: Client, gate: Path) -> None:
    run = begun(rt.submit("thread", value="old", gate=str(gate)), "attempt 1 has old")
    daemon.ok("reload-run", run.id, "--reason", "new data")
    begun(run, "attempt 2 has old")
    gate.touch()
    run.wait(timeout=20)
    lines = daemon.ok("events", "--run", run.id, "-o", "jsonl").splitlines()
    found = [json.loads(line) for line in lines]
    assert [one["what"] for one in found] == ["submitted", "requeued", "finished"]
    assert "reloaded by uid" in found[1]["detail"]
    assert found[1]["detail"].endswith(": new data")


def test_a_limit_of_the_task_holds_for_each_attempt_and_a_kill_ends_it(
    rt: Client, gate: Path
) -> None:
    run = rt.task("process", timeout=1.0).submit(value="old", gate=str(gate))
    begun(run, "attempt 1 has old").reload(value="new")
    assert run.wait(timeout=20).state == "terminated"
    assert [one["state"] for one in attempts(rt, run)] == ["terminated", "terminated"]
    assert run.row["by"] == "timeout"
    run = begun(rt.submit("process", value="old", gate=str(gate)), "attempt 1 has old")
    run.reload()
    begun(run, "attempt 2 has old").kill(reason="enough")
    assert run.state == "terminated"
    assert (run.error or "").endswith(": enough")


def test_an_executor_that_dies_later_is_a_loss_as_ever(rt: Client, gate: Path) -> None:
    run = begun(rt.submit("dies", value="old", gate=str(gate)), "attempt 1 has old")
    run.reload(value="new")
    begun(run, "attempt 2 has new")
    gate.touch()
    assert run.wait(timeout=20).state == "lost"


@pytest.mark.parametrize(
    ("task", "params", "error", "why"),
    [
        ("process", {"other": 1}, ParameterError, "does not take 'other'; it takes value, gate"),
        ("process", {"value": "x" * 200_000}, TooLarge, "the limit is"),
        ("command", {"argv": []}, ParameterError, "argv must be a list of texts"),
        ("command", {"argv": ["true"], "words": 1}, ParameterError, "does not take 'words'"),
    ],
)
def test_wrong_values_stop_nothing(
    rt: Client, gate: Path, task: str, params: dict[str, Any], error: type[Exception], why: str
) -> None:
    if task == "command":
        run = rt.command("sh", "-c", f"until [ -e {gate} ]; do sleep 0.01; done")
    else:
        run = rt.submit(task, value="old", gate=str(gate))
    until_running(run)
    with pytest.raises(error, match=why) as refused:
        run.reload(**params)
    assert "\n" not in str(refused.value)
    gate.touch()
    assert run.wait(timeout=20).state == "succeeded"
    assert len(attempts(rt, run)) == 1


def test_a_run_that_does_not_run_is_refused_with_one_line(
    daemon: Daemon, rt: Client, gate: Path
) -> None:
    rt.rpc.queue_pause(queues=["closed"])
    queued = rt.task("process", queue="closed").submit(value="x", gate=str(gate))
    later = rt.task("thread", retries=1, backoff="1h").submit(value=1, gate=None)
    until(lambda: later.state == "queued" and attempts(rt, later), what="it waits for its retry")
    gate.touch()
    over = rt.submit("thread", value="x", gate=str(gate)).wait(timeout=20)
    for run, why in (
        (queued, "has not started: there is nothing to stop"),
        (later, "is not running: it waits for attempt 2"),
        (over, "has ended already: succeeded; `rtctl retry` makes a new run of it"),
    ):
        done = daemon.rtctl("reload-run", run.id, "value=y")
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (6, "", 1)
        assert why in done.stderr
    done = daemon.rtctl("reload-run", "no-such-run")
    assert (done.returncode, done.stderr.count("\n")) == (5, 1)
    for run in (queued, later):
        run.cancel()
    rt.rpc.queue_resume(queues=["closed"])


def test_two_at_a_time_are_refused_and_a_kill_meanwhile_wins(
    daemon: Daemon, rt: Client, gate: Path
) -> None:
    run = rt.task("deaf", stop_grace="60s").submit(value="old", gate=str(gate))
    begun(run, "attempt 1 has old")

    async def reload_and_kill() -> None:
        async with AsyncClient(daemon.socket) as other:
            same = await other.get(run.id)
            reloading = asyncio.ensure_future(same.reload())
            await asyncio.to_thread(until_output, run, "no")
            with pytest.raises(WrongState, match="is being stopped already"):
                await asyncio.to_thread(run.reload)
            await asyncio.to_thread(run.kill, 0.0, "at once")
            with pytest.raises(WrongState, match="has ended meanwhile: terminated: killed by"):
                await reloading

    asyncio.run(reload_and_kill())
    assert run.state == "terminated"
    assert len(attempts(rt, run)) == 1
