"""Executors that die in mid-run: the truth is written, the pool heals, no other run suffers."""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rtctl import Client
from rtd.store.commands.arguments import LeaseOutcome
from rtd.store.commands.commands import StoreCommands
from rtd.store.connection.blocking import RedisConnection
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import (
    SMALL,
    client,
    executor_of,
    executors,
    is_alive,
    kill_everything,
    until_output,
    until_running,
)
from tests.helpers.source import PROGRAMS


@pytest.fixture
def rt(start_daemon: DaemonMaker) -> Iterator[Client]:
    """A daemon with two process executors."""
    daemon = start_daemon("supervised:session", cwd=PROGRAMS, flags=SMALL)
    with client(daemon) as found:
        yield found


def test_a_killed_executor_loses_its_run_and_is_replaced_soon(rt: Client, tmp_path: Path) -> None:
    other = rt.submit("waiter", gate=str(tmp_path / "gate"))
    until_running(other)
    run = rt.submit("sleep", seconds=600)
    until_output(run, "asleep")
    pid = executor_of(rt, run)
    before = {row["pid"] for row in executors(rt)}
    os.kill(pid, signal.SIGKILL)
    began = time.monotonic()
    # The place is filled again when work asks for it; the minimum of the pool at once.
    more = rt.submit("add", a=1)
    assert more.wait(timeout=20).result() == 1
    assert time.monotonic() - began < 15.0  # a tenth of a second, on an idle machine
    assert {row["pid"] for row in executors(rt)} - before

    run.wait(timeout=20)
    assert run.state == "lost"
    assert run.row["exit"] == [None, signal.SIGKILL]
    assert f"pid {pid}" in str(run.error)
    assert "SIGKILL" in str(run.error)
    assert [str(line) for line in run.logs()] == ["asleep"], "its output survives it"
    assert other.state == "running"
    (tmp_path / "gate").touch()
    assert other.wait(timeout=20).result() == "open"


def test_the_signal_that_ended_a_task_is_in_its_record(rt: Client) -> None:
    run = rt.submit("signalled", number=int(signal.SIGSEGV)).wait(timeout=20)
    assert run.state == "lost"
    assert run.row["exit"] == [None, signal.SIGSEGV]
    assert run.row["by"] == "kernel"
    assert [str(line) for line in run.logs()] == ["last words"]


def test_a_run_that_may_be_requeued_starts_again_and_succeeds(rt: Client, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    run = rt.submit("survivor", gate=str(gate))
    first = executor_of(rt, run)
    os.kill(first, signal.SIGKILL)
    until(lambda: run.refresh().row["pid"] not in (None, first), what="the second attempt")
    gate.touch()
    assert run.wait(timeout=20).result() == 2
    attempts = rt.rpc.show(run=run.id)["attempts"]
    assert [attempt["state"] for attempt in attempts] == ["lost", "succeeded"]
    assert attempts[0]["exit"] == [None, signal.SIGKILL]


def test_a_run_that_always_kills_its_executor_is_given_up(rt: Client) -> None:
    run = rt.submit("always_dying").wait(timeout=20)
    assert run.state == "lost"
    assert "3 times" in str(run.error)
    assert len(rt.rpc.show(run=run.id)["attempts"]) == 3
    assert rt.submit("add", a=2).wait(timeout=20).result() == 2, "the pool serves on"


def test_runs_that_had_finished_before_the_crash_do_not_run_twice(
    rt: Client, tmp_path: Path
) -> None:
    """They were in one batch with the one that killed the executor."""
    log = tmp_path / "log"
    rt.pause_queue("batch")
    runs = rt.submit_many("note", [{"file": str(log)}] * 300, {"queue": "batch"})
    bad = rt.task("signalled", queue="batch").submit(number=9)
    runs += rt.submit_many("note", [{"file": str(log)}] * 300, {"queue": "batch"})
    rt.resume_queue("batch")
    rt.wait([*runs, bad], timeout=30)
    assert bad.state == "lost"
    assert {run.row["state"] for run in runs} == {"succeeded"}
    assert len(log.read_text().splitlines()) == 600


def test_an_executor_that_sleeps_through_its_burial_cannot_write(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    """SIGSTOP, a new life for its run elsewhere, SIGCONT: what it writes then is refused."""
    daemon = start_daemon("supervised:session", cwd=PROGRAMS, flags=SMALL)
    gate = tmp_path / "gate"
    with client(daemon) as rt:
        run = rt.submit("survivor", gate=str(gate))
        pid = executor_of(rt, run)
        exec_id = next(row["exec"] for row in executors(rt) if row["pid"] == pid)
        os.kill(pid, signal.SIGSTOP)
        try:
            fence(daemon, exec_id, run.id)
            until(lambda: run.refresh().row["pid"] not in (None, pid), what="its second life")
            gate.touch()
            assert run.wait(timeout=20).result() == 1 + len(attempts_before(rt, run.id))
            record = rt.rpc.show(run=run.id)
        finally:
            os.kill(pid, signal.SIGCONT)
        until(lambda: not is_alive(pid), what="the fenced executor leaves")
        assert rt.rpc.show(run=run.id)["attempts"] == record["attempts"]
        assert rt.submit("add", a=3).wait(timeout=20).result() == 3


def test_a_reboot_hides_no_first_attempt(start_daemon: DaemonMaker, tmp_path: Path) -> None:
    """The runtime directory is empty then: nothing says which of the leased runs had begun."""
    daemon = start_daemon("supervised:session", cwd=PROGRAMS, flags=SMALL)
    gate = tmp_path / "gate"
    with client(daemon) as rt:
        given_up, again = rt.submit("waiter", gate=str(gate)), rt.submit("survivor", gate=str(gate))
        until_running(given_up)
        until_running(again)
        kill_everything(daemon)
        shutil.rmtree(daemon.home / "run")
        daemon.start()
        assert given_up.wait(timeout=20).state == "lost"
        assert "of an earlier boot or another runtime directory" in str(given_up.error)
        gate.touch()
        assert again.wait(timeout=20).result() == 2
        assert [a["state"] for a in rt.rpc.show(run=again.id)["attempts"]] == ["lost", "succeeded"]


@pytest.mark.parametrize("same_directory", [True, False])
def test_runs_after_a_reboot_go_to_living_executors(
    start_daemon: DaemonMaker, tmp_path: Path, same_directory: bool
) -> None:
    """Redis still knows the idle executors of before the reboot."""
    (tmp_path / "boot.py").write_text(
        "from rtd import Session\n"
        "session = Session()\n"
        "for lane in ('process', 'main', 'thread'):\n"
        "    session.task(name=lane, lane=lane, on_startup=True)(print)\n"
    )
    lanes = ("process", "main", "thread")
    daemon = start_daemon("boot:session", cwd=tmp_path)
    with client(daemon) as rt:
        for boots in range(3):
            until(
                lambda boots=boots: all(
                    len(rt.ls(lane, "succeeded")) == 2 * boots + 1 for lane in lanes
                ),
                within_s=20,
                what=f"all tasks have run at start {boots + 1}",
            )
            runs = [rt.command("true"), *map(rt.submit, lanes)]
            assert {run.state for run in rt.wait(runs, timeout=20)} == {"succeeded"}
            kill_everything(daemon)
            if not same_directory:
                shutil.rmtree(daemon.home / "run")
            daemon.start()
        assert rt.ls(state="lost") == []


def attempts_before(rt: Client, run_id: str) -> list[object]:
    """The attempts of a run but its last."""
    return list(rt.rpc.show(run=run_id)["attempts"][:-1])


def fence(daemon: Daemon, exec_id: str, run_id: str) -> None:
    """Take the lease away as a supervisor does that holds it for dead."""
    node = os.uname().nodename
    calls = StoreCommands("rtd")
    url = f"unix://{daemon.home}/state/redis/redis.sock"
    with RedisConnection.connect(url) as link:
        (orphan,) = link.execute(calls.fence(node, exec_id))
        assert orphan.id == run_id
        back = LeaseOutcome(orphan.id, "survivor", "h", orphan.record)
        assert link.execute(calls.settle(node, exec_id, 0, b"", 100, [back])) == []
