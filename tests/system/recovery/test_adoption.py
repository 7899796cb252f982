"""A supervisor that dies stops no work, and the next one finds everything again."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.helpers.daemon import BIN, Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import (
    SMALL,
    client,
    executor_of,
    executors,
    is_alive,
    kill9,
    kill_everything,
    restart_supervisor,
    until_output,
    until_running,
)
from tests.helpers.source import PROGRAMS


@pytest.fixture
def daemon(start_daemon: DaemonMaker) -> Daemon:
    """A daemon with two process executors."""
    return start_daemon("supervised:session", cwd=PROGRAMS, flags=SMALL)


def zygotes(daemon: Daemon) -> list[int]:
    """The pids of the zygotes, as the runtime directory names them."""
    noted = json.loads((daemon.home / "run" / "zygotes.json").read_text())["zygotes"]
    return [zygote["pid"] for zygote in noted if is_alive(zygote["pid"])]


def test_runs_go_on_over_the_supervisors_death_and_end_under_the_next(
    daemon: Daemon, gate: Path
) -> None:
    with client(daemon) as rt:
        run = rt.submit("waiter", gate=str(gate))
        command = rt.command("sleep", "600")
        pid = executor_of(rt, run)
        until_running(command)
        before = zygotes(daemon)
        restart_supervisor(daemon)
        assert zygotes(daemon) == before
        assert (run.refresh().row["state"], run.row["pid"]) == ("running", pid)
        gate.touch()
        assert run.wait(timeout=20).result() == "open"
        assert command.kill(grace=1.0)
        assert command.state == "terminated"


def test_runs_that_end_without_a_supervisor_are_known_afterwards(
    daemon: Daemon, gate: Path
) -> None:
    """Finished runs report themselves; of a killed executor the zygote kept the signal."""
    with client(daemon) as rt:
        done = rt.submit("waiter", gate=str(gate))
        lost = rt.submit("sleep", seconds=600)
        until_output(lost, "asleep")
        until_running(done)
        pid = executor_of(rt, lost)

        def meanwhile() -> None:
            gate.touch()
            os.kill(pid, signal.SIGSEGV)
            until(lambda: not is_alive(pid), what="the end of the executor")

        restart_supervisor(daemon, meanwhile)
        assert done.wait(timeout=20).result() == "open"
        lost.wait(timeout=20)
        assert lost.state == "lost"
        assert lost.row["exit"] == [None, signal.SIGSEGV]
        assert [str(line) for line in lost.logs()] == ["asleep"]


def test_deadlines_hold_over_a_restart(daemon: Daemon) -> None:
    with client(daemon) as rt:
        run = until_running(rt.task("sleep", timeout="2s").submit(seconds=600))
        restart_supervisor(daemon)
        run.wait(timeout=20)
        assert (run.state, run.row["by"]) == ("terminated", "timeout")


def test_delayed_runs_start_after_a_restart(daemon: Daemon) -> None:
    with client(daemon) as rt:
        run = rt.task("add", delay="1.5s").submit(a=1)
        late = rt.task("add", delay="1h", expires="2h").submit(a=1)
        restart_supervisor(daemon)
        assert run.wait(timeout=20).result() == 1
        assert run.row["started_at"] - run.row["submitted_at"] >= 1.4
        assert late.state == "queued"


def test_a_wait_goes_on_over_a_restart(daemon: Daemon, gate: Path) -> None:
    with client(daemon) as rt:
        run = until_running(rt.submit("waiter", gate=str(gate)))
        restart_supervisor(daemon, gate.touch)
        assert run.wait(timeout=20).state == "succeeded"


def test_a_supervisor_that_ends_with_keep_running_leaves_the_work_going(
    daemon: Daemon, gate: Path
) -> None:
    with client(daemon) as rt:
        run = rt.submit("waiter", gate=str(gate))
        pid = executor_of(rt, run)
        rt.rpc.shutdown(keep_running=True)
        assert daemon.process is not None
        assert daemon.process.wait(20) == 0
        assert is_alive(pid)
        daemon.start()
        assert run.refresh().row["pid"] == pid
        gate.touch()
        assert run.wait(timeout=20).result() == "open"


def test_the_supervisor_may_die_again_and_again(daemon: Daemon, gate: Path) -> None:
    with client(daemon) as rt:
        run = rt.submit("waiter", gate=str(gate))
        pid = executor_of(rt, run)
        for _ in range(4):
            restart_supervisor(daemon)
        assert run.refresh().row["pid"] == pid
        gate.touch()
        assert run.wait(timeout=20).result() == "open"
        assert len(zygotes(daemon)) == 1


def test_a_dead_zygote_is_replaced_and_its_runs_are_settled(daemon: Daemon, gate: Path) -> None:
    with client(daemon) as rt:
        lost = rt.submit("sleep", seconds=600)
        again = rt.submit("survivor", gate=str(gate))
        until_running(lost)
        until_running(again)
        old = [row["pid"] for row in executors(rt)]
        (zygote,) = zygotes(daemon)
        kill9(zygote)
        lost.wait(timeout=20)
        assert lost.state == "lost"
        assert str(lost.error).startswith(f"the zygote (pid {zygote}) died, and its executor (pid")
        assert lost.row["by"] == "zygote"
        gate.touch()
        assert again.wait(timeout=20).result() == 2
        assert rt.submit("add", a=1).wait(timeout=20).result() == 1
        assert not [pid for pid in old if is_alive(pid)]
        assert len(zygotes(daemon)) == 1


def test_a_zygote_and_a_supervisor_that_die_together_leave_nothing_unsettled(
    daemon: Daemon, gate: Path
) -> None:
    with client(daemon) as rt:
        lost = rt.submit("sleep", seconds=600)
        again = rt.submit("survivor", gate=str(gate))
        until_running(lost)
        until_running(again)
        old = [row["pid"] for row in executors(rt)]
        (zygote,) = zygotes(daemon)
        restart_supervisor(daemon, lambda: kill9(zygote))
        lost.wait(timeout=20)
        assert lost.state == "lost"
        gate.touch()
        assert again.wait(timeout=20).result() == 2
        assert not [pid for pid in old if is_alive(pid)]


def test_everything_killed_at_once_loses_no_waiting_run(daemon: Daemon, gate: Path) -> None:
    with client(daemon) as rt:
        rt.pause_queue("later")
        waiting = rt.submit_many("add", [{"a": n} for n in range(50)], {"queue": "later"})
        lost = until_running(rt.submit("sleep", seconds=600))
        kill_everything(daemon)
        daemon.start()
        assert lost.wait(timeout=20).state == "lost"
        rt.resume_queue("later")
        assert [run.result() for run in rt.wait(waiting, timeout=10)] == list(range(50))


def test_rtd_stop_with_keep_running_then_another_app(daemon: Daemon) -> None:
    """The new daemon wants another app: the old zygote goes, its executors with it."""
    with client(daemon) as rt:
        rt.submit("add", a=1).wait(timeout=20)
        done = subprocess.run(
            ["rtd", "stop", "--keep-running"],
            executable=BIN / "rtd", env=daemon.env, capture_output=True, text=True, timeout=30,
            check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        assert daemon.process is not None
        assert daemon.process.wait(20) == 0
        (old,) = zygotes(daemon)
        daemon.command[2] = "jobs:session"
        daemon.start()
        until(lambda: not is_alive(old), what="the end of the old zygote")
        assert rt.submit("echo", value=5).wait(timeout=20).result() == 5


def test_an_adopted_app_is_told_and_whether_its_files_have_changed(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    app = tmp_path / "app.py"
    app.write_text("from rtd import Session\nsession = Session()\n")
    daemon = start_daemon("app.py", cwd=tmp_path)
    assert "goes on with" not in daemon.log.read_text()
    restart_supervisor(daemon)
    said = daemon.log.read_text()
    assert "continues with app app.py as it was imported at 2" in said
    assert "; `rtctl reload` imports it again" in said
    restart_supervisor(daemon, lambda: app.write_text("broken("))
    assert f": {app} has changed since; `rtctl reload` imports it as" in daemon.log.read_text()


def test_a_shutdown_whose_supervisor_dies_leaves_a_next_one_that_works(
    daemon: Daemon, gate: Path
) -> None:
    """The earlier zygote forks nothing more; another one takes its place."""
    with client(daemon) as rt:
        run = rt.submit("waiter", gate=str(gate))
        until_running(run)
        stop = subprocess.Popen([BIN / "rtd", "stop", "--grace", "60s"], env=daemon.env)
        until(lambda: rt.info()["draining"], what="the shutdown")
        restart_supervisor(daemon)
        assert stop.wait(20) is not None
        assert rt.submit("add", a=1, b=2).wait(timeout=20).result() == 3
        assert run.refresh().state == "running"
        gate.touch()
        assert run.wait(timeout=20).result() == "open"
