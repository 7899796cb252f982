"""A kill is a proof: every process of the run is gone, and the answer names each."""

import contextlib
import threading
import time
from collections.abc import Iterator

import pytest

from rtctl import Client
from rtctl.client.run import Run
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import SMALL, client, executors, is_alive, until_output
from tests.helpers.source import PROGRAMS


@pytest.fixture
def daemon(start_daemon: DaemonMaker) -> Daemon:
    """A daemon with two process executors."""
    return start_daemon("supervised:session", cwd=PROGRAMS, flags=SMALL)


@pytest.fixture
def rt(daemon: Daemon) -> Iterator[Client]:
    """Its client."""
    with client(daemon) as found:
        yield found


def family_of(daemon: Daemon) -> list[int]:
    """The living members of a deaf family."""
    return [found.pid for found in daemon.processes() if "forker" in found.title]


def start_family(rt: Client, daemon: Daemon, **options: object) -> Run:
    """A deaf run whose daemonised, deaf family has fifty members."""
    run = rt.task("deaf", **options).submit(family=True)  # type: ignore[arg-type]
    seen: list[int] = []

    def grown() -> bool:
        """Large, and twice the same: who only forks and ends is not among them."""
        before, seen[:] = list(seen), family_of(daemon)
        return len(seen) >= 40 and seen == before

    until(grown, within_s=20, what="the family")
    return run


@pytest.mark.parametrize("repetition", range(3))
def test_a_deaf_family_of_daemons_is_gone_after_a_kill(
    rt: Client, daemon: Daemon, repetition: int
) -> None:
    run = start_family(rt, daemon)
    members = family_of(daemon)
    began = time.monotonic()
    ended = run.kill(grace=1.0, reason=f"repetition {repetition}")
    assert time.monotonic() - began < 10.0
    assert set(members) <= {pid for pid, _, _ in ended}
    assert family_of(daemon) == []
    run.refresh()
    assert run.state == "terminated"
    assert run.row["by"].startswith("uid ")
    assert f"repetition {repetition}" in run.row["why"]
    assert rt.submit("add", a=1).wait(timeout=20).result() == 1


@pytest.mark.slow
def test_a_timeout_ends_a_deaf_family_too(rt: Client, daemon: Daemon) -> None:
    run = start_family(rt, daemon, timeout="3s", stop_grace="0.3s")
    run.wait(timeout=15)
    assert (run.state, run.row["by"]) == ("terminated", "timeout")
    assert "timeout of 3.0s" in run.row["why"]
    assert len(rt.rpc.show(run=run.id)["pids"]) >= 40
    assert family_of(daemon) == []


def test_a_task_that_listens_ends_within_its_grace_and_its_executor_lives(rt: Client) -> None:
    run = rt.submit("sleep", seconds=600)
    until_output(run, "asleep")
    before = {row["pid"] for row in executors(rt)}
    began = time.monotonic()
    run.kill(grace=30.0)
    assert time.monotonic() - began < 20.0
    assert run.state == "terminated"
    assert before <= {row["pid"] for row in executors(rt)}


def test_a_run_that_waits_is_cancelled_by_a_kill(rt: Client) -> None:
    run = rt.task("add", delay="1h").submit(a=1)
    assert run.kill() == []
    assert run.state == "cancelled"


def test_a_second_kill_shortens_the_grace_of_the_first(rt: Client) -> None:
    run = rt.submit("deaf")
    until_output(run, "deaf")
    with being_killed(rt, run, grace=60.0):
        began = time.monotonic()
        run.kill(grace=0.0)
        assert time.monotonic() - began < 20.0
    assert run.state == "terminated"


@contextlib.contextmanager
def being_killed(rt: Client, run: Run, grace: float) -> Iterator[None]:
    """Another client is killing the run meanwhile."""
    with Client(rt.rpc.info()["places"]["socket"]) as other:
        kill = threading.Thread(target=other.get(run.id).kill, kwargs={"grace": grace})
        kill.start()
        yield
        kill.join()


@pytest.mark.parametrize("task", ["polite_thread", "polite_coroutine"])
def test_a_run_that_shares_its_process_ends_when_asked(rt: Client, task: str) -> None:
    run = rt.submit(task)
    until(lambda: run.state == "running", what=f"{task} runs")
    lane = run.row["lane"]
    (before,) = executors(rt, lane)
    run.kill(grace=5.0)
    assert run.state == "terminated"
    assert [row["pid"] for row in executors(rt, lane)] == [before["pid"]]


def test_a_thread_that_does_not_yield_costs_its_executor_once_the_others_are_done(
    rt: Client, tmp_path_factory: pytest.TempPathFactory
) -> None:
    gate = tmp_path_factory.mktemp("gate") / "gate"
    neighbour = rt.submit("thread_waiter", gate=str(gate))
    run = rt.submit("stubborn_thread")
    until_output(run, "in C")
    (before,) = executors(rt, "thread")
    daemon_side = rt.submit("sleep", seconds=0)  # the daemon serves on meanwhile
    with being_killed(rt, run, grace=0.2):
        until(lambda: _retiring(rt, before["pid"]), what="the executor retires")
        assert neighbour.state == "running"
        replaced = rt.submit("thread_waiter", gate=str(gate))
        gate.touch()
        assert neighbour.wait(timeout=20).result() == before["pid"]
        assert replaced.wait(timeout=20).result() != before["pid"]
    assert run.state == "terminated"
    attempt = rt.rpc.show(run=run.id)["attempts"][-1]
    assert "replaced" in attempt["note"]
    until(lambda: not is_alive(before["pid"]), what="the end of the old executor")
    assert daemon_side.wait(timeout=20).state == "succeeded"


def test_a_coroutine_that_blocks_its_loop_is_ended_with_its_executor(rt: Client) -> None:
    run = rt.submit("stubborn_coroutine")
    until_output(run, "blocking")
    (before,) = executors(rt, "async")
    run.kill(grace=0.3)
    assert run.state == "terminated"
    until(lambda: not is_alive(before["pid"]), what="the end of the executor")
    assert rt.submit("polite_coroutine").kill(grace=2.0) is not None


def _retiring(rt: Client, pid: int) -> bool:
    return any(row["retiring"] for row in executors(rt, "thread") if row["pid"] == pid)
