"""Tasks that run when the daemon starts, when it ends, and when it first sees a task."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client, restart_supervisor, until_running
from tests.helpers.source import PROGRAMS


class Occasions:
    """A daemon with the app of `tests/programs/occasions.py`, which notes its turns."""

    def __init__(self, start: DaemonMaker, folder: Path) -> None:
        self.gate = folder / "gate"
        self._book = folder / "book"
        self._start = start

    def start(self, *flags: str, stays_s: float = 0.0) -> Daemon:
        env = {"BOOK": str(self._book), "GATE": str(self.gate), "STAYS": str(stays_s)}
        return self._start("occasions:session", cwd=PROGRAMS, env=env, flags=list(flags))

    def lines(self) -> list[str]:
        """The events so far, in order."""
        return self._book.read_text().splitlines() if self._book.exists() else []

    def until(self, line: str) -> None:
        until(lambda: line in self.lines(), what=f"{line!r} in {self.lines()}")


@pytest.fixture
def occasions(start_daemon: DaemonMaker, tmp_path: Path) -> Iterator[Occasions]:
    found = Occasions(start_daemon, tmp_path)
    yield found
    found.gate.touch()


def schedule_of(daemon: Daemon) -> tuple[str, str | None]:
    with client(daemon) as rt:
        schedule = rt.rpc.status()["schedule"]
        return schedule["state"], schedule["why"]


def test_tasks_on_startup_come_before_the_schedule_and_hooks_around_them(
    occasions: Occasions,
) -> None:
    daemon = occasions.start()
    until(lambda: schedule_of(daemon) == ("starting", "second (on startup)"), what="only `second`")
    assert occasions.lines() == ["hook before startup", "first"]
    assert "waits for second (on startup) (2 tasks)" in daemon.ok("status")
    assert "has not begun yet" in daemon.rtctl("why", "often").stdout
    occasions.gate.touch()
    occasions.until("often")
    occasions.until("follows")
    assert schedule_of(daemon) == ("going", None)
    lines = occasions.lines()
    assert lines[:4] == ["hook before startup", "first", "second", "hook after startup"]
    once = ("first", "second", "forced", "follows")
    until(lambda: all(occasions.lines().count(name) == 1 for name in once), what="each one once")
    assert "never" not in occasions.lines()
    daemon.ok("reload")
    with client(daemon) as rt:
        assert rt.submit("last").wait(timeout=20).result() == "done"
    assert occasions.lines().count("forced") == 1


def test_a_supervisor_that_dies_while_tasks_run_on_startup_is_followed_by_one_that_goes_on(
    occasions: Occasions,
) -> None:
    daemon = occasions.start()
    occasions.until("first")
    restart_supervisor(daemon)
    assert schedule_of(daemon)[0] == "starting"
    occasions.gate.touch()
    occasions.until("often")
    restart_supervisor(daemon)
    assert schedule_of(daemon) == ("going", None)
    lines = occasions.lines()
    once = ("hook before startup", "first", "second", "hook after startup", "forced")
    assert [lines.count(line) for line in once] == [1] * 5


def test_tasks_on_shutdown_are_the_last_and_nothing_else_begins(occasions: Occasions) -> None:
    occasions.gate.touch()
    daemon = occasions.start()
    occasions.until("follows")
    occasions.gate.unlink()
    with client(daemon) as rt:
        until_running(rt.submit("second"))
        queued = [rt.submit("first") for _ in range(3)]  # in the same lane
        assert daemon.process is not None
        daemon.process.send_signal(signal.SIGTERM)
        until(lambda: rt.rpc.info()["draining"], what="the signal is heard")
    occasions.gate.touch()
    assert daemon.process.wait(20) == 0
    lines = occasions.lines()
    closing = lines[lines.index("hook before shutdown") :]
    assert closing[-1] == "hook after shutdown"
    names = ["behind", "last", "last in fork", "last in thread", "stayed", "stays"]
    assert sorted(closing[1:-1]) == names
    assert lines.count("first") == 1
    assert daemon.processes() == []
    daemon.start()
    with client(daemon) as rt:
        rows = {row["task"]: row for row in rt.rpc.ls(limit=50)["runs"]}
    for name in ("last", "last_in_fork", "last_in_thread", "stays"):
        assert (rows[name]["state"], "@" in rows[name]["lane"]) == ("succeeded", False)
    with client(daemon) as rt:
        assert [rt.get(run.id).wait(timeout=20).state for run in queued] == ["succeeded"] * 3


@pytest.mark.slow
def test_tasks_on_shutdown_have_the_grace_and_are_stopped_then(occasions: Occasions) -> None:
    occasions.gate.touch()
    daemon = occasions.start("--set", "stop_grace=4s", stays_s=600)
    occasions.until("follows")
    began = time.monotonic()
    assert daemon.stop() == 0
    assert 4.0 <= time.monotonic() - began < 15.0
    assert daemon.processes() == []
    assert "stayed" not in occasions.lines()
    daemon.start()
    with client(daemon) as rt:
        row = next(row for row in rt.rpc.ls(limit=50)["runs"] if row["task"] == "stays")
    begun = "stays" in occasions.lines()  # on a very busy machine it may not come so far
    assert (row["state"], row["by"]) == ("terminated" if begun else "cancelled", "drain")


def test_asked_twice_nothing_is_waited_for(occasions: Occasions) -> None:
    occasions.gate.touch()
    daemon = occasions.start("--set", "stop_grace=60s", stays_s=600)
    occasions.until("follows")
    assert daemon.process is not None
    daemon.process.send_signal(signal.SIGINT)
    occasions.until("last in fork")
    daemon.process.send_signal(signal.SIGINT)
    assert daemon.process.wait(20) == 0
    assert daemon.processes() == []
    assert "hook after shutdown" not in occasions.lines()


def test_shutdown_runs_left_by_a_killed_daemon_do_not_wait_for_the_next_shutdown(
    occasions: Occasions,
) -> None:
    occasions.gate.touch()
    flags = ("--set", "stop_grace=600s", "--set", "lanes.process.max=1")
    daemon = occasions.start(*flags, stays_s=600)
    occasions.until("follows")
    assert daemon.process is not None
    daemon.process.send_signal(signal.SIGTERM)
    occasions.until("stays")
    restart_supervisor(daemon)
    with client(daemon) as rt:
        rows = {row["task"]: row for row in rt.rpc.ls(limit=50)["runs"]}
        assert rows["behind"]["state"] == "cancelled"
        assert rows["stays"]["state"] == "running"
        # The executors that were made for the end do not stand in the way.
        assert rt.submit("first").wait(timeout=20).state == "succeeded"
        assert rt.submit("last").wait(timeout=20).result() == "done"
        rt.get(rows["stays"]["id"]).kill()
    daemon.process.send_signal(signal.SIGTERM)
    until(lambda: "shutting down" in daemon.log.read_text().partition("adopted")[2])
    daemon.process.send_signal(signal.SIGTERM)


APP = """
from rtd import Session
session = Session()

@session.task(force_run=True)
def old(): ...
"""


def test_a_task_that_a_reload_brings_runs_at_first_sight(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    app = tmp_path / "app.py"
    app.write_text(APP)
    daemon = start_daemon("app.py", cwd=tmp_path)

    def ran() -> list[str]:
        with client(daemon) as rt:
            return sorted(row["task"] for row in rt.rpc.ls(limit=50)["runs"] if row["ended_at"])

    until(lambda: ran() == ["old"], what="the first one")
    app.write_text(APP + "\n@session.task(force_run=True, start_cond='false')\ndef new(): ...\n")
    daemon.ok("reload")
    until(lambda: ran() == ["new", "old"], what="the new one")
    daemon.ok("reload")
    restart_supervisor(daemon)
    assert ran() == ["new", "old"]


def test_one_that_cannot_be_submitted_is_a_fault_and_the_schedule_opens(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(
        APP.replace("force_run=True", "on_startup=True").replace("old()", "old(day)")
    )
    daemon = start_daemon("app.py", cwd=tmp_path)
    until(lambda: schedule_of(daemon)[0] != "starting", what="the schedule")
    done = daemon.rtctl("status")
    assert done.returncode == 3
    assert "task 'old' misses 'day'" in done.stdout


def test_why_says_when_such_a_task_runs(occasions: Occasions) -> None:
    occasions.gate.touch()
    daemon = occasions.start()
    occasions.until("follows")
    assert (
        "it runs when the daemon starts, if its condition is true then"
        in daemon.rtctl("why", "never").stdout
    )
    assert "on startup if false" in daemon.ok("tasks")
    assert "it runs when the daemon ends" in daemon.rtctl("why", "last").stdout
    assert daemon.ok("next", "never").strip() == daemon.ok("next", "last").strip()


def test_one_that_is_disabled_is_left_out(occasions: Occasions) -> None:
    occasions.gate.touch()
    daemon = occasions.start()
    occasions.until("follows")
    daemon.ok("disable", "last")
    assert daemon.stop() == 0
    closing = occasions.lines()[occasions.lines().index("hook before shutdown") :]
    assert "last in fork" in closing
    assert "last" not in closing


HOOKS = """
from rtd import Session
from rtd.core import Scheduler
session = Session()

@Scheduler.hook_startup
def before(scheduler):
    raise KeyError("before")

@Scheduler.hook_startup
def after(scheduler):
    yield
    raise KeyError("after")

@session.task(on_startup=True)
def fails():
    raise ValueError("not today")

@session.task(start_cond="after task 'fails' failed")
def follows(): ...
"""


def test_hooks_and_tasks_that_fail_at_the_start_do_not_hold_the_schedule(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(HOOKS)
    daemon = start_daemon("app.py", cwd=tmp_path)
    with client(daemon) as rt:
        until(lambda: [run.state for run in rt.ls(task="follows")] == ["succeeded"])
        faults = {row["what"]: row["message"] for row in rt.rpc.status()["faults"]}
    assert "KeyError: 'before'" in faults["app.before"]
    assert "KeyError: 'after'" in faults["app.after"]
    assert daemon.stop() == 0


def test_a_daemon_may_be_ended_while_tasks_run_on_startup(occasions: Occasions) -> None:
    daemon = occasions.start("--set", "stop_grace=1s")
    occasions.until("first")
    assert daemon.stop() == 0
    assert daemon.processes() == []
    lines = occasions.lines()
    assert "hook after startup" not in lines
    assert "often" not in lines
    assert "last" in lines
    occasions.gate.touch()
    daemon.start()
    occasions.until("follows")
    assert daemon.rtctl("status").returncode == 0


def test_conditions_of_the_apps_own_are_asked_for_tasks_on_startup_and_shutdown(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    book, app = tmp_path / "book", tmp_path / "app.py"
    app.write_text(
        "from rtd import Session\n"
        "from rtd.conditions import FuncCond\n"
        "session = Session()\n"
        "def note(line):\n"
        f"    with open({str(book)!r}, 'a') as file: file.write(line + chr(10))\n"
        "FuncCond(lambda: True, syntax='it is so')\n"
        "FuncCond(lambda: False, syntax='it is not')\n"
        "FuncCond(lambda: 1 / 0, syntax='it fails')\n"
        "def task(name, cond, **options):\n"
        "    session.task(name=name, start_cond=cond, parameters={'line': name}, **options)(note)\n"
        "for when in ('on_startup', 'on_shutdown'):\n"
        "    task(f'{when}: so', 'it is so', **{when: True})\n"
        "    task(f'{when}: not', '~it is so | it is not', **{when: True})\n"
        "    task(f'{when}: fails', 'it fails', **{when: True})\n"
        "    task(f'{when}: whatever', 'it fails | always', **{when: True})\n"
    )
    daemon = start_daemon(str(app))
    until(lambda: book.exists() and len(book.read_text().splitlines()) == 2, what="two have run")
    with client(daemon) as rt:
        assert [fault["what"] for fault in rt.rpc.status()["faults"]] == ["it fails"]
    assert daemon.stop() == 0
    assert sorted(book.read_text().splitlines()) == [
        "on_shutdown: so",
        "on_shutdown: whatever",
        "on_startup: so",
        "on_startup: whatever",
    ]
