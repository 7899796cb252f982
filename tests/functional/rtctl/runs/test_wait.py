"""rtctl wait: until runs are over."""

import json
from pathlib import Path

from tests.helpers.daemon import Daemon
from tests.helpers.rows import submit, until_state
from tests.helpers.terminal import Terminal


def test_one_run_gives_its_own_code(jobs: Daemon) -> None:
    assert jobs.rtctl("wait", submit(jobs, "add", "a:=1")).returncode == 0
    run = submit(jobs, "--", "sh", "-c", "exit 12")
    done = jobs.rtctl("wait", run)
    assert (done.returncode, done.stdout) == (12, "")
    assert run in done.stderr


def test_several_runs_give_0_8_or_1(jobs: Daemon) -> None:
    good = [submit(jobs, "add", "a:=1") for _ in range(2)]
    bad = [submit(jobs, "crash") for _ in range(2)]
    done = jobs.rtctl("wait", *good)
    assert done.returncode == 0
    assert done.stdout.splitlines() == [f"{run}  succeeded" for run in good]
    assert jobs.rtctl("wait", good[0], bad[0]).returncode == 8
    assert jobs.rtctl("wait", *bad).returncode == 1


def test_a_wait_that_times_out_is_124_and_the_run_goes_on(jobs: Daemon, gate: Path) -> None:
    run = submit(jobs, "hold", f"gate={gate}")
    done = jobs.rtctl("wait", run, "--timeout", "0.1s")
    assert (done.returncode, done.stderr.count("\n")) == (124, 1)
    until_state(jobs, run, "running")
    gate.touch()
    assert jobs.rtctl("wait", run, "--timeout", "10s").returncode == 0


def test_any_is_enough(jobs: Daemon, gate: Path) -> None:
    slow = submit(jobs, "hold", f"gate={gate}")
    quick = submit(jobs, "add", "a:=1")
    rows = json.loads(jobs.ok("wait", "--any", slow, quick, "-j"))["runs"]
    assert [row["id"] for row in rows] == [quick]
    gate.touch()
    assert jobs.rtctl("wait", slow).returncode == 0


def test_a_terminal_shows_progress_when_it_takes_longer(jobs: Daemon, gate: Path) -> None:
    run = submit(jobs, "hold", f"gate={gate}")
    terminal = Terminal(["rtctl", "wait", run], jobs.env, 80)
    terminal.read_until("25% 1/4 waiting for the gate")
    gate.touch()
    text, code = terminal.finish()
    assert code == 0
    assert text.endswith("\r\033[K"), "the line is wiped away"


def test_a_terminal_shows_how_many_are_over(jobs: Daemon, gate: Path) -> None:
    runs = [submit(jobs, "add", "a:=1"), submit(jobs, "hold", f"gate={gate}")]
    terminal = Terminal(["rtctl", "wait", *runs], jobs.env, 80)
    terminal.read_until("waiting for runs: 1 of 2 is over")
    gate.touch()
    assert terminal.finish()[1] == 0


def test_an_interrupt_is_130(jobs: Daemon, gate: Path) -> None:
    run = submit(jobs, "hold", f"gate={gate}")
    terminal = Terminal(["rtctl", "wait", run], jobs.env, 80)
    terminal.read_until("running")
    terminal.process.send_signal(2)
    text, code = terminal.finish()
    assert code == 130
    assert "Traceback" not in text
    gate.touch()
    until_state(jobs, run, "succeeded")


def test_no_such_run_is_code_5(jobs: Daemon) -> None:
    done = jobs.rtctl("wait", "nothing-of-this-kind")
    assert (done.returncode, done.stderr.count("\n")) == (5, 1)
