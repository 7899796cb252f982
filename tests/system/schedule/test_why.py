"""`why` names exactly what holds a task, and nothing else."""

import json
import re
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client
from tests.helpers.source import PROGRAMS


@pytest.fixture
def daemon(start_daemon: DaemonMaker) -> Daemon:
    """A daemon with the app of `tests/programs/scheduled.py` and one process executor."""
    return start_daemon(
        "scheduled:session",
        cwd=PROGRAMS,
        flags=["--set", "lanes.process.max=1", "--set", "stop_grace=1s"],
    )


def why(daemon: Daemon, task: str) -> dict[str, Any]:
    """The answer of `rtctl why`."""
    answer: dict[str, Any] = json.loads(daemon.ok("why", task, "-j"))
    return answer


def moment(text: str) -> float:
    """A time of an answer, epoch seconds."""
    return datetime.fromisoformat(text).timestamp()


def kinds(daemon: Daemon, task: str) -> list[str]:
    """Return what holds a task."""
    return [hold["kind"] for hold in why(daemon, task)["holds"]]


def test_held_by_time_and_by_dependency_its_tree_says_so(daemon: Daemon) -> None:
    answer = why(daemon, "second")
    assert (answer["value"], answer["holds"], answer["next_at"]) == (False, [], None)
    assert "first never succeeded" in answer["tree"]["fact"]
    assert answer["next_text"] == "time alone does not start it: it waits for an event"
    daemon.ok("submit", "first", "--wait")
    until(lambda: "not after it" in why(daemon, "second")["tree"]["fact"], what="second is done")


def test_held_by_being_disabled_alone_or_with_all(daemon: Daemon) -> None:
    assert kinds(daemon, "often") == ["disabled"]
    assert why(daemon, "often")["next_at"] is None
    daemon.ok("disable", "--all")
    assert kinds(daemon, "often") == ["all_disabled", "disabled"]
    daemon.ok("enable", "--all")
    daemon.ok("enable", "often")
    until(lambda: json.loads(daemon.ok("tasks", "often", "-j"))["tasks"][0]["last_start_at"])


def behind(daemon: Daemon, task: str) -> str:
    """The run that a task must wait for; `next` and `tasks` name no moment for it."""
    done = daemon.rtctl("next", task)
    assert done.stdout.split() == ["AT", "IN", "TASK"]
    told = f"rtctl: a run of its own must end first; `rtctl why {task}` says why\n"
    assert done.stderr == told
    assert f"1 more task waits until its own run has ended: {task}\n" in daemon.rtctl("next").stderr
    assert "after its run" in daemon.ok("tasks", task)
    row = json.loads(daemon.ok("tasks", task, "-j"))["tasks"][0]
    assert row["next_at"] is None
    return str(row["behind"])


def test_held_by_a_run_of_its_own(daemon: Daemon) -> None:
    daemon.ok("enable", "always")
    until(lambda: kinds(daemon, "always") == ["running"], what="always runs")
    answer = why(daemon, "always")
    assert answer["value"] is True
    assert behind(daemon, "always") == answer["holds"][0]["run"]
    done = daemon.rtctl("trigger", "always")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (6, "", 1)


def test_a_paused_queue_is_said_before_the_task_comes_due(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(
        "from rtd import App\napp = App()\n"
        "app.task(name='dump', queue='night', start_cond='cron 0 4 1 1 *')(print)\n"
    )
    daemon = start_daemon("app.py", cwd=tmp_path)
    assert why(daemon, "dump")["next_at"] is not None
    daemon.ok("queue", "pause", "night")
    answer = why(daemon, "dump")
    assert [hold["kind"] for hold in answer["holds"]] == ["queue_paused"]
    assert answer["next_at"] is None
    due = r"it comes due 2\d{3}-01-01 04:00:00 .*, and starts when its queue is resumed"
    assert re.fullmatch(due, answer["next_text"])
    daemon.ok("queue", "resume", "night")
    assert why(daemon, "dump")["holds"] == []


def test_held_by_a_full_queue_and_by_a_paused_one(daemon: Daemon) -> None:
    daemon.ok("queue", "pause", "shelf")
    daemon.ok("enable", "shelved")
    until(lambda: kinds(daemon, "shelved") == ["queue_paused"], what="shelved waits")
    assert behind(daemon, "shelved")
    assert why(daemon, "shelved")["next_at"] is None
    daemon.ok("enable", "always")
    until(lambda: kinds(daemon, "always") == ["running"], what="the only executor is busy")
    daemon.ok("submit", "first")
    daemon.ok("queue", "resume", "shelf")
    (hold,) = why(daemon, "shelved")["holds"]
    assert hold["kind"] == "queued"
    assert "0 ahead of it: lane process has no idle executor: 1 busy" in hold["text"]


def test_held_by_the_backoff_of_a_retry_and_its_next_attempt_is_named(daemon: Daemon) -> None:
    daemon.ok("enable", "failing")
    until(lambda: kinds(daemon, "failing") == ["backoff"], what="the first attempt has failed")
    answer = why(daemon, "failing")
    assert 0.8 * 600 < moment(answer["next_at"]) - time.time() <= 600
    assert answer["next_text"].startswith("its next attempt starts ")
    assert behind(daemon, "failing") == answer["holds"][0]["run"]
    row = json.loads(daemon.ok("ls", "--task", "failing", "-j"))["runs"][0]
    assert moment(row["due_at"]) == pytest.approx(moment(answer["next_at"]), abs=0.01)


def test_a_task_without_a_condition_says_so(daemon: Daemon) -> None:
    assert kinds(daemon, "first") == ["no_condition"]
    done = daemon.rtctl("enable", "first")
    assert (done.returncode, done.stderr.count("\n")) == (6, 1)


def test_a_disabled_task_stays_so_after_a_restart(daemon: Daemon) -> None:
    daemon.ok("disable", "second", "--reason", "test")
    daemon.stop()
    daemon.start()
    assert kinds(daemon, "second") == ["disabled"]


def test_events_start_tasks_and_next_names_times(daemon: Daemon) -> None:
    daemon.ok("submit", "first", "fail:=true")
    until(lambda: "mourner" in daemon.ok("ls", "--task", "mourner", "-o", "wide"), what="mourner")
    daemon.ok("enable", "often")
    rows = json.loads(daemon.ok("next", "often", "-n", "3", "-j"))["starts"]
    assert [row["task"] for row in rows] == ["often"] * 3
    gap_s = moment(rows[2]["at"]) - moment(rows[1]["at"])
    assert gap_s == pytest.approx(0.2, abs=0.001)
    done = daemon.rtctl("next", "first")
    assert (done.returncode, done.stdout.split()) == (0, ["AT", "IN", "TASK"])
    assert done.stderr == "rtctl: time alone does not start it; `rtctl why first` says why\n"


def test_times_are_those_of_the_task_and_name_its_zone(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    (tmp_path / "far.py").write_text(
        "from rtd import Session\n"
        "session = Session(timezone='Asia/Tokyo')\n"
        "often = {'start_cond': 'every 100 ms', 'catch_up': 'none'}\n"
        "session.task(name='often', **often)(lambda: None)\n"
        "session.task(name='daily', start_cond='cron 0 8 * * *')(print)\n"
        "session.task(name='near', start_cond='cron 0 8 * * *', timezone='UTC')(print)\n"
    )
    daemon = start_daemon("far.py", cwd=tmp_path, env={"TZ": "Europe/Helsinki"})
    at = daemon.ok("next", "daily", "-n", "1").splitlines()[1]
    assert " 08:00:00 JST  in " in at
    assert at[:23] in daemon.ok("why", "daily")
    assert " 08:00:00 UTC  in " in daemon.ok("next", "near", "-n", "1")
    span = ("--from", "2026-01-01", "--to", "2026-01-02")
    lines = daemon.ok("simulate", "far.py", *span, "--task", "daily").splitlines()
    assert lines[1].startswith("2026-01-01 08:00:00 JST  daily")
    until(lambda: daemon.ok("ls", "--task", "often", "-q"), what="often has run")
    daemon.stop()
    daemon.start()
    missed = until(lambda: daemon.ok("misses", "often").splitlines()[1:], what="a miss")
    assert " JST " in missed[0]
    (line,) = [line for line in daemon.ok("why", "often").splitlines() if "last miss" in line]
    found = re.fullmatch(r"last miss +(\S+ \S+ JST): (\w+): (.+)", line)
    assert found is not None, line
    rows = daemon.ok("misses", "often").splitlines()
    assert [row for row in rows if all(part in row for part in found.groups())], rows
    assert "last miss" not in daemon.ok("why", "daily")


def test_misses_of_a_task_that_does_not_exist(daemon: Daemon) -> None:
    done = daemon.rtctl("misses", "nobody")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (5, "", 1)
    assert daemon.rtctl("misses", "first").returncode == 0


def test_the_schedule_can_be_simulated_without_a_daemon(daemon: Daemon) -> None:
    (daemon.home / "app.py").write_text(
        "from rtd import Session\n"
        "session = Session(timezone='UTC')\n"
        "session.task(name='hourly', start_cond='cron 0 * * * *')(print)\n"
    )
    app = str(daemon.home / "app.py")
    span = ("--from", "2026-01-01 00:30", "--to", "2026-01-01 03:30")
    rows = json.loads(daemon.ok("simulate", app, *span, "-j"))["occurrences"]
    assert [(row["task"], row["verdict"]) for row in rows] == [("hourly", "ran")] * 3
    assert daemon.ok("simulate", app, *span, "-q") == "3\n"
    assert daemon.ok("simulate", app, *span, "-q", "--task", "hourly") == "3\n"
    assert daemon.ok("simulate", app, *span, "-q", "--task", "command") == "0\n"
    done = daemon.rtctl("simulate", app, *span, "--task", "hurly")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (5, "", 1)
    assert "did you mean 'hourly'?" in done.stderr
    done = daemon.rtctl("simulate", "nothing.py")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)


def test_a_task_that_may_overlap_is_not_held_by_its_runs(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    (tmp_path / "over.py").write_text(
        "import time\n"
        "from rtd import Session\n"
        "session = Session(timezone='UTC')\n"
        "session.task(name='hourly', start_cond='every 1 hour', overlap=True)(\n"
        "    lambda: time.sleep(60))\n"
        "session.task(name='once', start_cond='true', overlap=True)(lambda: time.sleep(60))\n"
        "session.task(name='nothing', start_cond='never')(print)\n"
    )
    daemon = start_daemon("over.py", cwd=tmp_path, flags=["--set", "stop_grace=1s"])
    running = ("ls", "--state", "running", "-q")
    until(lambda: len(daemon.ok(*running).split()) == 2, what="both run")
    answer = why(daemon, "hourly")
    assert answer["holds"] == []
    assert answer["next_text"].startswith("it starts 2")
    assert answer["next_text"].endswith(" UTC")
    answer = why(daemon, "once")
    assert [hold["kind"] for hold in answer["holds"]] == ["once"]
    assert answer["next_at"] is None
    assert answer["next_text"] == "it starts when its condition has been false and is true again"
    answer = why(daemon, "nothing")
    assert answer["holds"] == []
    assert answer["next_text"].startswith("never by its condition")


def test_conditions_of_the_apps_own_hold_only_what_they_decide(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    (tmp_path / "own.py").write_text(
        "from rtd import Session\n"
        "from rtd.conditions import FuncCond, TaskCond\n"
        "session = Session(timezone='UTC', config={'cycle_sleep': 0.05})\n"
        "@FuncCond(syntax='broken')\n"
        "def broken():\n"
        "    raise ValueError('no such luck')\n"
        "@TaskCond(syntax='data is there', start_cond='every 1 hour')\n"
        "def there():\n"
        "    return False\n"
        "session.task(name='hourly', start_cond='broken | every 1 hour')(print)\n"
        "session.task(name='stuck', start_cond='broken & every 1 hour')(print)\n"
        "session.task(name='fed', start_cond='data is there')(print)\n"
    )
    daemon = start_daemon("own.py", cwd=tmp_path)
    hourly = ("ls", "--task", "hourly", "--state", "succeeded", "-q")
    until(lambda: daemon.ok(*hourly), what="hourly has run")
    until(lambda: "no such luck" in daemon.ok("why", "stuck"), what="broken has been asked")
    answer = why(daemon, "hourly")
    assert answer["holds"] == []
    assert " UTC at the latest; it is not known whether `broken`: " in answer["next_text"]
    assert kinds(daemon, "stuck") == ["unanswered"]
    answer = why(daemon, "stuck")
    assert answer["next_text"] == "it starts when its conditions have values and are true"
    answer = why(daemon, "fed")
    assert answer["holds"] == []
    waits = "it waits for task '_condition-there', which tells whether `data is there`"
    assert answer["next_text"] == waits


def test_a_task_that_fails_again_and_again_waits_and_says_so(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(
        "from rtd import Session\nsession = Session()\n"
        "@session.task(start_cond='always')\ndef broken(): raise ValueError('each time')\n"
        "@session.task(start_cond=\"~task 'hog' is running\", timeout='0.02s')\n"
        "def hog():\n    while True: pass\n"
    )
    daemon = start_daemon("app.py", cwd=tmp_path)
    until(lambda: kinds(daemon, "broken") == ["failing"], what="it waits")
    until(lambda: kinds(daemon, "hog") == ["failing"], what="a timeout is no success, either")
    done = daemon.rtctl("status")
    assert done.returncode == 3
    assert re.search(r"task +\d+ +\d+s ago +broken(, hog)?: its runs end at once", done.stdout)
    answer = why(daemon, "broken")
    assert (
        "runs ended soon and without success, and its condition is true again"
        in answer["holds"][0]["text"]
    )
    assert answer["next_text"].startswith("it starts again 2")
    with client(daemon) as rt:
        count = len(rt.ls(task="broken", limit=None))
        assert 2 <= count < 12, "without a wait it would be hundreds"


def test_misses_are_in_the_order_of_their_due_times(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    (tmp_path / "three.py").write_text(
        "from rtd import Session\n"
        "session = Session()\n"
        "for name, span in (('a', '2 s'), ('b', '20 ms'), ('c', '1 s')):\n"
        "    session.task(name=name, start_cond=f'every {span}', catch_up='none')(lambda: None)\n"
    )
    daemon = start_daemon("three.py", cwd=tmp_path)
    until(lambda: daemon.ok("ls", "--task", "c", "-q"), what="the tasks have started")
    daemon.stop()
    due_by = time.time() + 2.1
    until(lambda: time.time() > due_by, what="all starts are due")
    daemon.start()

    def rows() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(daemon.ok("misses", "-j"))["misses"]
        return found

    until(lambda: {"a", "b", "c"} <= {row["task"] for row in rows()}, what="all are missed")
    due = [moment(row["due_at"]) for row in rows()]
    assert due == sorted(due, reverse=True)
