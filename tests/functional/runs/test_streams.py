"""All that a program does to its standard streams, at the import and in runs, works as ever."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rtctl import Client
from tests.helpers.daemon import BIN, Daemon, shared_daemon
from tests.helpers.running import client
from tests.helpers.source import PROGRAMS
from tests.programs.streams import HABITS, MUTE

ONE = ("--set", "lanes.process.max=1", "--set", "output.run_limit=100000")


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    """A daemon with one process executor at a time."""
    with shared_daemon("streams:session", ONE, cwd=PROGRAMS) as daemon:
        yield daemon


@pytest.fixture
def rt(daemon: Daemon) -> Iterator[Client]:
    with client(daemon) as found:
        yield found


@pytest.mark.parametrize("habit", HABITS)
def test_a_run_may_do_this_to_its_streams_and_the_next_has_fresh_ones(
    rt: Client, habit: str
) -> None:
    run = rt.submit("do", habit=habit).wait(timeout=20)
    assert run.state == "succeeded", run.error
    if habit not in MUTE:
        assert list(run.logs()) == ["h\ufffdbit" if habit == "configure" else "häbit", "no end"]
    for _ in range(2):
        run = rt.submit("say", text="next").wait(timeout=20)
        assert run.state == "succeeded", run.error
        assert list(run.logs()) == ["next"] * 3


@pytest.fixture(scope="module")
def reloaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon whose app does at its import what a file names."""
    habit = tmp_path_factory.mktemp("habit") / "habit"
    habit.write_text("")
    with shared_daemon(
        "streams:session", ONE, cwd=PROGRAMS, env={"HABIT_FILE": str(habit)}
    ) as daemon:
        yield daemon


@pytest.mark.parametrize("habit", HABITS)
def test_an_app_may_do_this_at_its_import(reloaded: Daemon, habit: str) -> None:
    Path(reloaded.env["HABIT_FILE"]).write_text(habit)
    checked = subprocess.run(
        [BIN / "rtd", "check", "streams:session"],
        cwd=PROGRAMS, env=reloaded.env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (checked.returncode, checked.stderr) == (0, "")
    reloaded.ok("reload")
    with client(reloaded) as rt:
        for _ in range(2):
            run = rt.submit("say", text="next").wait(timeout=20)
            assert run.state == "succeeded", run.error
            assert list(run.logs()) == ["next"] * 3


@pytest.mark.parametrize("words", [("run",), ("submit", "-f")])
def test_who_follows_a_run_is_told_how_much_output_was_dropped(
    daemon: Daemon, words: tuple[str, ...]
) -> None:
    done = daemon.rtctl(*words, "--", "head", "-c", "300000", "/dev/zero")
    kept = len(done.stdout)
    assert 100_000 <= kept < 300_000
    assert f"rtctl: {300_000 - kept:,} bytes of this output were dropped\n" in done.stderr
