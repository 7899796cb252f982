"""How a daemon goes down: runs finish, the rest is stopped or queued again, nothing is left."""

import signal
import time
from pathlib import Path

import pytest

from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client, until_output, until_running
from tests.helpers.source import PROGRAMS


def start(start_daemon: DaemonMaker, grace: str = "1s") -> Daemon:
    """A daemon that drains for this long."""
    flags = ["--set", "lanes.process.max=3", "--set", f"stop_grace={grace}"]
    return start_daemon("supervised:session", cwd=PROGRAMS, flags=flags)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_runs_may_finish_within_the_grace(start_daemon: DaemonMaker, number: int) -> None:
    daemon = start(start_daemon, "10s")
    with client(daemon) as rt:
        run = rt.submit("sleep", seconds=1.0)
        until_output(run, "asleep")
    assert daemon.process is not None
    daemon.process.send_signal(number)
    assert daemon.process.wait(20) == 0
    assert daemon.processes() == []
    daemon.start()
    with client(daemon) as rt:
        assert rt.get(run.id).state == "succeeded"


def test_after_the_grace_runs_are_stopped_or_queued_again(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    daemon = start(start_daemon, "0.5s")
    gate = tmp_path / "gate"
    with client(daemon) as rt:
        stopped = until_running(rt.submit("sleep", seconds=600))
        again = until_running(rt.submit("survivor", gate=str(gate)))
        queued = rt.task("add", delay="1h").submit(a=1)
    assert daemon.stop() == 0
    assert daemon.processes() == []
    gate.touch()
    daemon.start()
    with client(daemon) as rt:
        old = rt.get(stopped.id)
        assert (old.state, old.row["by"]) == ("terminated", "drain")
        assert rt.get(again.id).wait(timeout=20).state == "succeeded"
        assert rt.get(queued.id).state == "queued"


def test_a_deaf_run_does_not_hold_the_daemon_up(start_daemon: DaemonMaker) -> None:
    daemon = start(start_daemon, "0.5s")
    with client(daemon) as rt:
        run = rt.submit("deaf", family=False)
        until_output(run, "deaf")
    began = time.monotonic()
    assert daemon.stop() == 0
    assert time.monotonic() - began < 15.0
    assert daemon.processes() == []


def test_a_second_sigint_ends_everything_at_once(start_daemon: DaemonMaker) -> None:
    daemon = start(start_daemon, "60s")
    with client(daemon) as rt:
        run = rt.submit("deaf")
        until_output(run, "deaf")
        assert daemon.process is not None
        daemon.process.send_signal(signal.SIGINT)
        until(lambda: rt.rpc.info()["draining"], what="the first signal is heard")
        began = time.monotonic()
        daemon.process.send_signal(signal.SIGINT)
    assert daemon.process.wait(20) == 0
    assert time.monotonic() - began < 15.0
    assert daemon.processes() == []


def test_while_it_drains_no_new_runs_are_taken(start_daemon: DaemonMaker) -> None:
    daemon = start(start_daemon, "5s")
    with client(daemon) as rt:
        run = rt.submit("sleep", seconds=2.0)
        until_output(run, "asleep")
        rt.rpc.shutdown()
        assert rt.rpc.info()["draining"]
        done = daemon.rtctl("submit", "add", "a:=1")
        assert done.returncode == 7
        assert "shutting down" in done.stderr


def test_runs_acknowledged_before_the_shutdown_are_there_afterwards(
    start_daemon: DaemonMaker,
) -> None:
    daemon = start(start_daemon)
    with client(daemon) as rt:
        rt.pause_queue("later")
        runs = rt.submit_many("add", [{"a": n} for n in range(2000)], {"queue": "later"})
    assert daemon.stop() == 0
    daemon.start()
    with client(daemon) as rt:
        rt.resume_queue("later")
        waited = rt.wait([rt.get(runs[0].id), rt.get(runs[-1].id)], timeout=20)
        assert [run.state for run in waited] == ["succeeded", "succeeded"]
