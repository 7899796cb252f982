"""session.run(): tasks now, without their conditions, and the outcome of each."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client

APP = """
import sys, time
from pathlib import Path
from rtd import Session
from rtd.core import Scheduler

session = Session()

@Scheduler.hook_startup
def starting(scheduler):
    Path("hook-startup").touch()
    yield

@Scheduler.hook_cycle
def cycling(scheduler):
    Path("hook-cycle").touch()

@Scheduler.hook_shutdown
def ending(scheduler):
    Path("hook-shutdown").touch()

@session.task(on_startup=True)
def at_first():
    Path("on-startup").touch()

@session.task(on_shutdown=True)
def at_last():
    Path("on-shutdown").touch()

@session.task(force_run=True)
def forced():
    Path("forced").touch()

@session.task(start_cond="daily")
def fetch():
    print("fetching")
    print("slowly", file=sys.stderr)
    return {"rows": 3}

@session.task(start_cond="true")
def eager():
    Path("eager").touch()

@session.task(start_cond="after task 'fetch'")
def then():
    Path("then").touch()

@session.task(end_cond="running past 1 second")
def endless():
    time.sleep(600)

@session.task
def fail():
    raise ValueError("no luck")

@session.task
def needs(day): ...

@session.task
def nested():
    session.run("fetch")
"""


@pytest.fixture
def place(prepare_daemon: DaemonMaker, tmp_path: Path) -> Daemon:
    """The app in a directory of its own; no daemon yet."""
    (tmp_path / "jobs.py").write_text(APP)
    return prepare_daemon("jobs.py", cwd=tmp_path)


def call(place: Daemon, text: str) -> subprocess.CompletedProcess[str]:
    """Run a program with the app's session."""
    guarded = "\n".join(f"    {line}" for line in text.splitlines())
    program = f"from jobs import session\nif __name__ == '__main__':\n{guarded}\n"
    (place.cwd / "go.py").write_text(program)
    return subprocess.run(
        [sys.executable, "go.py"],
        cwd=place.cwd, env=place.env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def lines(place: Daemon, text: str) -> list[str]:
    done = call(place, text)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_without_a_daemon_there_is_one_for_these_runs_and_nothing_else_starts(
    place: Daemon,
) -> None:
    told = lines(
        place,
        "found = session.run('fetch', 'fail', 'endless')\n"
        "for one in found: print(one.task, one.state, one.result, one.why, bool(one))",
    )
    assert told[0] == "fetching"
    assert told[1] == "fetch succeeded {'rows': 3} None True"
    assert told[2].startswith("fail exception None ValueError: no luck")
    assert told[2].endswith("False")
    assert told[3].startswith("endless terminated None ")
    assert place.processes() == []
    assert {path.name for path in place.cwd.iterdir()} <= {"jobs.py", "go.py", "__pycache__"}
    place.start()  # what has run counts for the next daemon
    until((place.cwd / "then").exists)
    with client(place) as rt:
        assert [run.state for run in rt.ls(task="fetch")] == ["succeeded"]


def test_the_output_goes_where_the_run_wrote_it(place: Daemon) -> None:
    done = call(place, "session.run('fetch')")
    assert done.stdout == "fetching\n"
    assert "slowly" in done.stderr


def test_in_the_daemon_that_serves_the_app(place: Daemon) -> None:
    place.start()
    told = lines(place, "print(session.run('fetch', 'fetch')[1].run)")
    with client(place) as rt:
        assert told[-1] in [run.id for run in rt.ls(task="fetch")]


def test_beside_the_daemon_of_another_app(place: Daemon) -> None:
    (place.cwd / "other.py").write_text("from rtd import Session\nsession = Session()\n")
    place.command = ["rtd", "run", "other.py"]
    place.start()
    assert lines(place, "print(session.run('fetch')[0].state)")[-1] == "succeeded"
    with client(place) as rt:
        assert rt.ls() == []
    assert not (place.cwd / "eager").exists()


@pytest.mark.parametrize(
    ("names", "reason"),
    [("'fetch', 'fech'", "did you mean 'fetch'"), ("'needs'", "misses 'day'")],
)
def test_a_task_that_cannot_be_run_is_named_with_the_reason(
    place: Daemon, names: str, reason: str
) -> None:
    done = call(place, f"session.run({names})")
    assert done.returncode == 1
    assert reason in done.stderr.splitlines()[-1]
    assert "fetching" not in done.stdout
    assert place.processes() == []


def test_a_task_submits_others_with_a_client(place: Daemon) -> None:
    told = lines(place, "print(session.run('nested')[0].why)")
    assert "a task submits others with a client" in told[-1]


def test_an_app_that_does_not_import_there_is_said(place: Daemon) -> None:
    broken = "import sys\nassert 'go' not in sys.modules, 'only here'\n"
    (place.cwd / "jobs.py").write_text(broken + APP)
    done = call(place, "session.run('fetch')")
    assert done.returncode == 1
    assert "AssertionError: only here" in done.stderr.splitlines()[-1]


def test_an_interrupt_ends_the_run_and_the_daemon(place: Daemon) -> None:
    (place.cwd / "go.py").write_text(
        "from jobs import session\nif __name__ == '__main__':\n    session.run('endless')\n"
    )
    (place.cwd / "jobs.py").write_text(APP.replace("past 1 second", "past 1 hour"))
    process = subprocess.Popen(
        [sys.executable, "go.py"],
        cwd=place.cwd, env=place.env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        until(lambda: any("process endless" in found.title for found in place.processes()))
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)
    finally:
        process.kill()
        process.communicate()
    assert b"KeyboardInterrupt" in told
    assert place.processes() == []
