"""Ctrl-C: exit code 130, a whole terminal, and one line that says what goes on."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.daemon import Daemon
from tests.helpers.rows import submit, until_output_has, until_state
from tests.helpers.terminal import Terminal

ID = "[0-9A-Z]{26}"


def interrupted(terminal: Terminal, shown: str) -> str:
    """Return the last line of what a command shows that is interrupted after this text."""
    terminal.read_until(shown)
    terminal.process.send_signal(2)
    text, code = terminal.finish()
    assert code == 130
    assert "Traceback" not in text
    assert "\x1b[?25l" not in text
    return text.removesuffix("\n").rpartition("\n")[2]


@pytest.fixture
def run(jobs: Daemon, gate: Path) -> Iterator[str]:
    """A run that goes on."""
    found = submit(jobs, "hold", f"gate={gate}")
    until_state(jobs, found, "running")
    yield found
    until_state(jobs, found, "running")  # no Ctrl-C has ended it
    gate.touch()
    until_state(jobs, found, "succeeded")


@pytest.mark.parametrize(
    ("words", "shown", "again"),
    [
        ("wait RUN", "waiting for the gate", "wait"),
        ("result RUN --wait", "waiting for the gate", "wait"),
        ("logs -f RUN", "holding", "logs -f"),
    ],
)
def test_a_run_that_goes_on_is_named(
    jobs: Daemon, run: str, words: str, shown: str, again: str
) -> None:
    command = [run if word == "RUN" else word for word in words.split()]
    line = interrupted(Terminal(["rtctl", *command], jobs.env, 80), shown)
    end = run[-8:]
    assert line == (
        f"rtctl: run {run} continues: `rtctl {again} {end}` looks again, `rtctl kill {end}` ends it"
    )


@pytest.mark.parametrize("flag", ["--wait", "-f"])
def test_a_submitted_run_goes_on(jobs: Daemon, gate: Path, flag: str) -> None:
    command = ["rtctl", "submit", "hold", f"gate={gate}", flag]
    shown = "waiting for the gate" if flag == "--wait" else "holding"
    line = interrupted(Terminal(command, jobs.env, 100), shown)
    found = re.match(rf"rtctl: run ({ID}) continues: `rtctl ", line)
    assert found, line
    gate.touch()
    until_state(jobs, found[1], "succeeded")


def test_several_runs_go_on(jobs: Daemon, run: str) -> None:
    terminal = Terminal(["rtctl", "wait", run, run], jobs.env, 80)
    line = interrupted(terminal, "waiting for runs")
    assert line == "rtctl: the 2 runs continue: `rtctl ls` shows them"


def test_run_says_that_it_ends_its_run(jobs: Daemon, gate: Path) -> None:
    terminal = Terminal(["rtctl", "run", "hold", f"gate={gate}"], jobs.env, 100)
    line = interrupted(terminal, "holding")
    found = re.fullmatch(rf"rtctl: ending run ({ID}): `rtctl show \1` says how it ended", line)
    assert found, line
    until_state(jobs, found[1], "terminated")


def test_events_go_on_behind_those_that_were_shown(jobs: Daemon) -> None:
    terminal = Terminal(["rtctl", "events", "-f", "--since", "0-0"], jobs.env, 200)
    other = submit(jobs, "add", "a:=1", "--wait")
    line = interrupted(terminal, f"{other}  add  finished")
    found = re.fullmatch(r"rtctl: `(rtctl events -f --since \S+)` continues behind these", line)
    assert found, line
    more = Terminal(found[1].split(), jobs.env, 200)
    later = submit(jobs, "add", "a:=1", "--wait")
    more.read_until(f"{later}  add  finished")
    assert other not in more.text
    more.process.send_signal(2)
    more.finish()


def test_a_kill_goes_on(jobs: Daemon) -> None:
    script = "trap 'echo asked' TERM; echo deaf; while :; do sleep 0.1; done"
    run = submit(jobs, "--", "sh", "-c", script)
    until_output_has(jobs, run, "deaf")
    killing = Terminal(["rtctl", "kill", run, "--grace", "2s"], jobs.env, 80)
    until_output_has(jobs, run, "asked")
    line = interrupted(killing, "")
    assert line == f"rtctl: the run is still being ended: `rtctl show {run}` says how"
    until_state(jobs, run, "terminated")


def test_quiet_is_quiet(jobs: Daemon, run: str) -> None:
    terminal = Terminal(["rtctl", "logs", "-q", "-f", run], jobs.env, 80)
    terminal.read_until("holding")
    terminal.process.send_signal(2)
    assert terminal.finish() == ("holding\n\n", 130)
