"""Conditions of the app's own, end to end: asked in the main lane, and nothing else shows it."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.source import PROGRAMS


class Place:
    """Files by which a test and the app `tests/programs/custom.py` talk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def say(self, name: str, text: str) -> None:
        """Tell the app, in one step."""
        fresh = self.path / f".{name}"
        fresh.write_text(text)
        fresh.rename(self.path / name)

    def count(self, name: str) -> int:
        """How often the app has told something."""
        path = self.path / name
        return len(path.read_text()) if path.exists() else 0


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A directory of the test's own."""
    return Place(tmp_path)


@pytest.fixture
def daemon(start_daemon: DaemonMaker, place: Place) -> Daemon:
    """A daemon whose conditions read that directory."""
    return start_daemon(
        "custom:session",
        cwd=PROGRAMS,
        env={"CUSTOM_DIR": str(place.path)},
        flags=["--set", "condition_timeout=500ms"],
    )


def runs(daemon: Daemon, task: str) -> list[dict[str, Any]]:
    """The runs of a task."""
    found: list[dict[str, Any]] = json.loads(daemon.ok("ls", "--task", task, "-j"))["runs"]
    return found


def faults(daemon: Daemon) -> dict[str, str]:
    """Return the messages of the faults, by `kind what`."""
    found = json.loads(daemon.rtctl("status", "-j").stdout)["faults"]
    return {f"{one['kind']} {one['what']}": one["message"] for one in found}


def test_a_function_starts_its_task_each_time_that_it_says_so(daemon: Daemon, place: Place) -> None:
    until(lambda: place.count("asked") > 1, what="the condition is asked")
    assert runs(daemon, "work") == []
    for count in (1, 2):
        place.say("work", "yes")
        until(lambda count=count: place.count("worked") == count, what="its task ran")  # type: ignore[misc]
    until(lambda: len(runs(daemon, "work")) == 2, what="two runs")
    assert {run["state"] for run in runs(daemon, "work")} == {"succeeded"}


def test_groups_of_a_pattern_reach_the_function(daemon: Daemon, place: Place) -> None:
    (place.path / "inbox").mkdir()
    (place.path / "inbox" / "letter").touch()
    until(lambda: not list((place.path / "inbox").iterdir()), what="the folder is empty")
    assert faults(daemon) == {}


def test_the_task_of_a_task_condition_runs_and_its_latest_result_counts(
    daemon: Daemon, place: Place
) -> None:
    name = "_condition-flag(name=red)"
    until(lambda: len(runs(daemon, name)) > 1, what="the condition's task runs")
    assert runs(daemon, "raise_alarm") == []
    place.say("red", "up")
    until(lambda: runs(daemon, "raise_alarm"), what="the alarm")
    place.say("red", "")
    before = len(runs(daemon, name))
    until(lambda: len(runs(daemon, name)) > before + 2, what="it is asked again")
    count = len(runs(daemon, "raise_alarm"))
    until(lambda: len(runs(daemon, name)) > before + 5, what="it is asked again")
    assert len(runs(daemon, "raise_alarm")) == count
    leaf = json.loads(daemon.ok("why", "raise_alarm", "-j"))["tree"]
    assert (leaf["value"], name in leaf["fact"]) == (False, True)


def test_an_end_condition_of_the_apps_own_ends_a_run(daemon: Daemon, place: Place) -> None:
    daemon.ok("disable", "work")
    run = daemon.ok("submit", "until_work").strip()
    until(lambda: runs(daemon, "until_work")[0]["state"] == "running", what="it runs")
    place.say("work", "yes")
    until(lambda: runs(daemon, "until_work")[0]["state"] == "terminated", what="it is ended")
    shown = json.loads(daemon.ok("show", run, "-j"))
    assert "has work" in json.dumps(shown)


def test_one_that_raises_is_false_and_a_fault_that_why_shows(daemon: Daemon, place: Place) -> None:
    place.say("work", "maybe")
    until(lambda: "condition has work" in faults(daemon), what="a fault")
    assert faults(daemon)["condition has work"].startswith("KeyError: 'maybe' (")
    assert runs(daemon, "work") == []
    why = json.loads(daemon.ok("why", "work", "-j"))
    assert "its evaluation failed: KeyError" in json.dumps(why["tree"])
    assert [hold["kind"] for hold in why["holds"]] == ["unanswered"]
    assert why["next_text"] == "it starts when its conditions have values and are true"
    place.say("work", "yes")
    until(lambda: place.count("worked"), what="asked again, it starts its task")


@pytest.mark.parametrize("how", ["hang", "die"])
def test_one_that_hangs_or_ends_its_process_stops_no_other(
    daemon: Daemon, place: Place, how: str
) -> None:
    place.say("work", how)
    until(lambda: "condition has work" in faults(daemon), within_s=15, what="a fault")
    said = faults(daemon)["condition has work"]
    assert ("did not answer within 500ms" if how == "hang" else "exited with code 3") in said
    (place.path / "inbox").mkdir()
    (place.path / "inbox" / "letter").touch()
    until(lambda: not list((place.path / "inbox").iterdir()), within_s=15, what="another is asked")


def test_one_that_hangs_is_asked_more_and_more_rarely(daemon: Daemon, place: Place) -> None:
    place.say("work", "hang")
    until(lambda: "condition has work" in faults(daemon), within_s=15, what="a fault")
    before = place.count("asked")
    (place.path / "inbox").mkdir()
    for number in range(8):
        (place.path / "inbox" / f"{number}").touch()
        until(lambda: not list((place.path / "inbox").iterdir()), what="another is asked")
    assert place.count("asked") - before < 4, "each time would be eight"
    place.say("work", "yes")
    until(lambda: place.count("worked"), within_s=20, what="it answers again")


def test_no_trace_is_left_of_the_asking(daemon: Daemon, place: Place) -> None:
    until(lambda: place.count("asked") > 3, what="it was asked some times")
    assert "@" not in daemon.ok("ls", "-j")
    assert "@" not in daemon.ok("tasks", "-j")
    assert "@" not in daemon.ok("queue", "-j")
    keys = daemon.python(
        "import redis; r = redis.Redis(unix_socket_path="
        f"{str(daemon.home / 'state' / 'redis' / 'redis.sock')!r});"
        "print([r.type(k).decode() for k in r.keys('*}:r:*')], "
        "[b for _, b in r.xrange('{rtd:rtd}:events') if b'@cycle' in b[b'b']])"
    )
    assert keys.returncode == 0, keys.stderr
    records, events = keys.stdout.strip().split("] [")
    assert records.count("string") <= 40
    assert events == "]"


def test_hooks_surround_each_cycle_and_one_that_raises_is_a_fault(
    daemon: Daemon, place: Place
) -> None:
    until(lambda: place.count("after") > 2, what="some cycles")
    assert abs(place.count("before") - place.count("after")) <= 1
    place.say("hook", "raise")
    until(lambda: "hook custom.each_cycle" in faults(daemon), what="a fault")
    assert "the hook is broken" in faults(daemon)["hook custom.each_cycle"]
    assert daemon.stop() == 0
    assert int((place.path / "cycles").read_text()) >= place.count("after")


def test_the_simulation_says_which_conditions_it_does_not_ask(daemon: Daemon, place: Place) -> None:
    span = ("--from", "2026-01-01T00:00", "--to", "2026-01-01T00:01")
    done = daemon.rtctl("simulate", "custom:session", *span, "-q")
    assert done.returncode == 0
    assert "custom conditions are not asked, and nothing that they decide starts: `flag" in (
        done.stderr
    )
    assert "`has work`" in done.stderr


RELOADED = """
from rtd import Session
from rtd.conditions import FuncCond
session = Session(config={{"cycle_sleep": 0.1}})

@FuncCond(syntax="{syntax}")
def condition():
    return {value}

@session.task(start_cond="{syntax}")
def {task}(): ...
"""


def test_after_a_reload_the_new_conditions_are_asked(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    app = tmp_path / "app.py"
    app.write_text(RELOADED.format(syntax="it is old", value=False, task="old"))
    daemon = start_daemon(str(app))
    until(lambda: "it was found false" in daemon.ok("why", "old"), what="it is asked")
    app.write_text(RELOADED.format(syntax="it is new", value=True, task="new"))
    daemon.ok("reload")
    until(lambda: runs(daemon, "new"), what="the new condition starts its task")
    assert faults(daemon) == {}


def test_why_says_that_used_up_or_false_answers_are_evaluated_again(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    app = tmp_path / "app.py"
    app.write_text(
        "from rtd import Session\n"
        "from rtd.conditions import FuncCond\n"
        "session = Session(config={'cycle_sleep': 600, 'timezone': 'UTC'})\n"
        "FuncCond(lambda: True, syntax='it is so')\n"
        "FuncCond(lambda: False, syntax='it is not')\n"
        "session.task(name='used', start_cond='it is so')(print)\n"
        "session.task(name='false', start_cond='it is not')(print)\n"
        "session.task(name='idle', start_cond=\"it is so & after task 'false'\")(print)\n"
    )
    daemon = start_daemon(str(app))
    until(lambda: [run["state"] for run in runs(daemon, "used")] == ["succeeded"], what="its run")

    def next_of(task: str) -> str:
        return str(json.loads(daemon.ok("why", task, "-j"))["next_text"])

    assert next_of("used") == "it starts when its conditions are evaluated again and are true"
    assert next_of("false") == "it starts when its conditions are evaluated again and are true"
    idle = "its conditions are evaluated only when they decide: now the others are false"
    assert next_of("idle") == idle


def test_a_supervisor_that_is_killed_while_it_asks_is_followed_by_one_that_asks(
    daemon: Daemon, place: Place
) -> None:
    place.say("work", "hang")
    before = place.count("asked")
    until(lambda: place.count("asked") > before, what="it hangs")
    assert daemon.process is not None
    daemon.process.kill()
    daemon.process.wait()
    place.say("work", "yes")
    daemon.start()
    until(lambda: place.count("worked"), within_s=15, what="the next one asks")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("", "condition `has news`: its task '_condition-has_news' has no start_cond, so that"),
        (", start_cond='daily', often=3", "task '_condition-has_news': unknown option 'often'; "),
    ],
)
def test_check_names_a_condition_that_nothing_asks_or_whose_task_cannot_be(
    daemon: Daemon, tmp_path: Path, options: str, problem: str
) -> None:
    app = tmp_path / "app.py"
    app.write_text(
        "from rtd import Session\nfrom rtd.conditions import TaskCond\nsession = Session()\n"
        f"@TaskCond(syntax='has news'{options})\ndef has_news(): ...\n"
        "@session.task(start_cond='has news')\ndef read(): ...\n"
    )
    done = subprocess.run(
        ["rtd", "check", str(app)], env=daemon.env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert done.stderr.startswith(f"rtd: {problem}")
    assert done.stderr.count("\n") == 1


def test_after_redis_was_away_conditions_are_asked_again(daemon: Daemon, place: Place) -> None:
    until(lambda: place.count("asked"), what="it is asked")
    (redis,) = [p for p in daemon.processes() if "redis-server" in p.title]
    os.kill(redis.pid, signal.SIGKILL)
    place.say("work", "yes")
    until(lambda: place.count("worked") == 1, within_s=15, what="asked again, it starts its task")
    until(lambda: len(runs(daemon, "work")) == 1, what="one run")
    assert "Traceback" not in daemon.log.read_text()
