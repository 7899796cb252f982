"""Tasks as objects: functions, files, commands, code, kinds of one's own, and hooks around them."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rtctl import Client, Run
from tests.helpers.daemon import Daemon, shared_daemon
from tests.helpers.deadline import until
from tests.helpers.source import PROGRAMS

DELAYED = "def work(base, more=1):\n    return base + more\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the app is, and the diary that it writes."""
    home = tmp_path_factory.mktemp("kinds")
    shutil.copy(PROGRAMS / "kinds.py", home)
    (home / "kinds_delayed.py").write_text(DELAYED)
    return home


@pytest.fixture(scope="module")
def kinds(home: Path) -> Iterator[Daemon]:
    """A daemon with the app of `tests/programs/kinds.py`."""
    with shared_daemon("kinds.py", cwd=home, env={"KINDS_DIARY": str(home / "diary")}) as daemon:
        yield daemon


@pytest.fixture
def rt(kinds: Daemon) -> Iterator[Client]:
    with Client(kinds.socket) as client:
        yield client


@pytest.fixture
def diary(home: Path) -> Path:
    """Empty at the start of the test."""
    path = home / "diary"
    path.write_text("")
    return path


def ended(rt: Client, task: str, **params: Any) -> Run:
    return rt.submit(task, **params).wait(20)


LANES = {
    "in_thread": ("thread", "FuncTask"),
    "in_main": ("main", "FuncTask"),
    "in_fresh": ("fresh", "FuncTask"),
    "in_loop": ("async", "FuncTask"),
    "again": ("process", "FuncTask"),
}


@pytest.mark.parametrize("task", sorted(LANES))
def test_hooks_are_called_around_a_function_in_every_lane(
    rt: Client, diary: Path, task: str
) -> None:
    lane, kind = LANES[task]
    run = ended(rt, task)
    assert run.state == "succeeded"
    assert run.result() == task.removeprefix("in_")
    assert run.row["lane"] == lane
    assert diary.read_text().splitlines() == [
        f"before {task} {kind}",
        f"after {task} None None False",
    ]


def test_a_hook_that_raises_spoils_neither_the_run_nor_other_hooks(rt: Client, diary: Path) -> None:
    for task in ("calm", "calm_later"):
        run = ended(rt, task)
        assert (run.state, run.result()) == ("succeeded", "calm")
    assert diary.read_text().count("after calm") == 2


def test_a_hook_is_given_what_a_stop_raised(rt: Client, diary: Path) -> None:
    run = ended(rt, "sleeper")
    assert run.state == "terminated"
    assert "after sleeper Stopped" in diary.read_text()


def test_a_kind_of_one_s_own(rt: Client, diary: Path) -> None:
    assert ended(rt, "ask why").result() == ["whywhy", {"more": "x"}]
    assert ended(rt, "ask why", times=1, more="y").result() == ["why", {"more": "y"}]
    assert diary.read_text().splitlines()[:4] == [
        "before ask why Query",
        "success whywhy",
        "finish succeeded",
        "after ask why None None False",
    ]


def test_a_kind_s_failure(rt: Client, diary: Path) -> None:
    run = ended(rt, "ask what?")
    assert (run.state, run.row["why"]) == ("error", "Error: no answer")
    assert diary.read_text().splitlines()[1:] == [
        "failure Error no answer True",
        "finish failed",
        "after ask what? Error no answer True",
    ]


def test_an_exception_of_process_success_is_the_run_s_failure(rt: Client, diary: Path) -> None:
    run = ended(rt, "ask refused")
    assert (run.state, run.row["why"]) == ("exception", "ValueError: not this one")
    assert "finish failed" in diary.read_text()


def test_an_exception_of_another_hook_is_a_fault_and_spoils_nothing(
    kinds: Daemon, rt: Client, diary: Path
) -> None:
    assert ended(rt, "ask loud").result() == ["loud", {}]
    assert "after ask loud None" in diary.read_text()

    assert ended(rt, "calm").state == "succeeded"

    def told() -> bool:
        said = kinds.rtctl("status").stdout
        return all(
            fault in said
            for fault in (
                "ask loud.process_finish: OSError: too loud (",
                "kinds.broken: RuntimeError: a hook that raises (",
                "kinds.interrupts: KeyboardInterrupt (",
            )
        )

    until(told, what="both faults")


def test_a_kind_with_a_coroutine(rt: Client, diary: Path) -> None:
    assert ended(rt, "ask later").result() == ["async", "ask later"]
    assert "success async" in diary.read_text()


def test_a_function_in_a_file_is_imported_again_when_the_file_has_changed(
    rt: Client, home: Path
) -> None:
    assert ended(rt, "delayed").result() == 41
    assert ended(rt, "delayed", more=2).result() == 42
    (home / "kinds_delayed.py").write_text(DELAYED.replace("base + more", "[base, more]"))
    assert ended(rt, "delayed").result() == [40, 1]
    (home / "kinds_delayed.py").write_text("no python")
    run = ended(rt, "delayed")
    assert run.state == "exception"
    assert "SyntaxError" in run.row["why"]
    (home / "kinds_delayed.py").unlink()
    assert "kinds_delayed.py cannot be read" in ended(rt, "delayed").row["why"]
    (home / "kinds_delayed.py").write_text("x = 1\n")
    assert "has no function 'work'" in ended(rt, "delayed").row["why"]


def test_the_parameters_of_a_command_are_its_options(rt: Client, diary: Path) -> None:
    run = ended(rt, "greet")
    assert run.result() == "hello --to you & me -n 1\n"
    assert run.row["lane"] == "command"
    assert ended(rt, "greet", to="x").result() == "hello --to x -n 1\n"
    assert "after greet None None False" in diary.read_text()


def test_a_shell_and_an_environment(rt: Client) -> None:
    assert ended(rt, "shout").result() == "/BIN/SH\n"
    assert ended(rt, "env").result() == "found\n"
    assert ended(rt, "listens").result() == "told"


def test_a_command_that_fails_shows_the_end_of_its_standard_error(
    kinds: Daemon, rt: Client, diary: Path
) -> None:
    run = ended(rt, "fails")
    assert (run.state, run.row["why"]) == ("error", "exit 3: last")
    assert "  first\n  last\n" in kinds.ok("show", run.id)
    assert "after fails CommandFailed exit 3" in diary.read_text()


def test_a_command_is_stopped_as_any_run(rt: Client, diary: Path) -> None:
    run = ended(rt, "slow")
    assert run.state == "terminated"
    assert "after slow Stopped" in diary.read_text()


def test_code(kinds: Daemon, rt: Client) -> None:
    assert ended(rt, "code").result() == 42
    assert ended(rt, "code", number=2).result() == 4
    run = ended(rt, "code fails")
    assert run.row["why"] == "KeyError: 1"
    assert "raise KeyError(x)" in kinds.ok("show", run.id)


def test_they_are_all_listed(kinds: Daemon) -> None:
    listed = kinds.ok("tasks")
    for name in ("ask why", "delayed", "greet", "code", "calm_later"):
        assert name in listed


def test_the_output_of_a_command_task_is_its_value_and_is_shown_once(kinds: Daemon) -> None:
    assert kinds.ok("run", "greet", "to=x") == "hello --to x -n 1\n"
