"""`rtd check`, `rtctl simulate`: what an import leaves behind, names that are no plain text."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.daemon import BIN, Daemon, DaemonMaker
from tests.helpers.deadline import until

HEAD = "from rtd import Session\nsession = Session()\n"
THREAD = (
    "import threading\nthreading.Thread(target=threading.Event().wait, name='endless').start()\n"
)
TASK = "@session.task(start_cond='every 1 hour')\ndef work(): ...\n"


@pytest.fixture
def place(prepare_daemon: DaemonMaker, tmp_path: Path) -> Daemon:
    """Directories and an environment; nothing is started."""
    return prepare_daemon(cwd=tmp_path)


def checked(
    place: Daemon, text: str, app: str = "app.py", **env: str
) -> subprocess.CompletedProcess[str]:
    """`rtd check` of this source."""
    (place.cwd / app).write_text(text)
    return subprocess.run(
        ["rtd", "check", app], executable=BIN / "rtd", cwd=place.cwd,
        env={**place.env, **env}, capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip


def test_a_thread_that_never_ends_is_told_and_not_waited_for(place: Daemon) -> None:
    done = checked(place, HEAD + THREAD + TASK)
    assert done.returncode == 3
    assert done.stdout.startswith("work ")
    assert "starts threads when it is imported (endless)" in done.stderr


def test_a_command_for_a_shell_without_one_is_said(place: Daemon) -> None:
    text = HEAD + "from rtd.tasks import CommandTask\n"
    done = checked(place, text + "CommandTask('echo a | cat > q', name='piped')\n")
    assert done.returncode == 0
    assert done.stderr == (
        "rtd: warning: task 'piped': no shell reads its command, so that | is a word like others;"
        " write CommandTask(..., shell=True)\n"
    )
    done = checked(place, text + "CommandTask('echo a | cat > q', name='piped', shell=True)\n")
    assert (done.returncode, done.stderr) == (0, "")


def test_such_a_thread_does_not_keep_an_app_that_does_not_import(place: Daemon) -> None:
    done = checked(place, HEAD + THREAD + "1 / 0\n")
    assert done.returncode == 3
    assert "ZeroDivisionError" in done.stderr
    assert "Traceback" not in done.stderr


def test_simulate_does_not_wait_for_the_threads_of_the_app(place: Daemon) -> None:
    (place.cwd / "app.py").write_text(HEAD + THREAD + TASK)
    assert place.rtctl("simulate", "app.py", "-q", timeout_s=20).stdout.strip() == "24"


def test_prints_during_the_import_of_the_app_spoil_no_simulation(place: Daemon) -> None:
    loud = "import subprocess\nprint('loud')\nhelper = subprocess.Popen(['sleep', '100'])\n"
    (place.cwd / "app.py").write_text(HEAD + loud + TASK)
    words = [sys.executable, "-m", "rtd", "simulate", "app.py", "0", "7200"]
    with (place.cwd / "told").open("w") as told:
        done = subprocess.run(
            words, cwd=place.cwd, env=place.env, stdout=subprocess.PIPE, stderr=told,
            text=True, timeout=20, check=False,
        )  # fmt: skip
    assert [json.loads(line)["task"] for line in done.stdout.splitlines()] == ["work"] * 2
    assert (place.cwd / "told").read_text() == "loud\n"
    assert len(place.processes()) == 1, "the helper"
    place.close()


def test_who_has_read_enough_of_a_simulation_sees_no_traceback(place: Daemon) -> None:
    (place.cwd / "app.py").write_text(HEAD + TASK)
    done = subprocess.run(
        f"{sys.executable} -m rtd simulate app.py 0 90000000 | head -n 1", shell=True,
        cwd=place.cwd, env=place.env, capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert json.loads(done.stdout)["task"] == "work"
    assert done.stderr == ""


def test_ctrl_c_while_a_task_file_is_imported_leaves_no_traceback(place: Daemon) -> None:
    (place.cwd / "tasks").mkdir()
    (place.cwd / "tasks" / "one.py").write_text(
        "import pathlib, time\npathlib.Path('importing').touch()\ntime.sleep(600)\n"
    )
    (place.cwd / "app.py").write_text(
        HEAD + "from rtd.tasks.loaders import PyLoader\nPyLoader('tasks')\n"
    )
    checking = subprocess.Popen(
        [BIN / "rtd", "check", "app.py"], cwd=place.cwd, env=place.env, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    until((place.cwd / "importing").exists, what="the import")
    os.killpg(checking.pid, signal.SIGINT)
    _, told = checking.communicate(timeout=10)
    assert checking.returncode == 130
    assert b"Traceback" not in told


def test_a_process_that_the_import_starts_is_not_waited_for(place: Daemon) -> None:
    fork = "import os, time\nif os.fork() == 0:\n    time.sleep(100)\n    os._exit(0)\n"
    (place.cwd / "app.py").write_text(HEAD + fork + TASK)
    done = subprocess.run(
        ["rtd", "check", "app.py"], executable=BIN / "rtd", cwd=place.cwd, env=place.env,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=20, check=False,
    )  # fmt: skip
    assert done.returncode == 0
    assert len(place.processes()) == 1, "the one that it has started"
    place.close()


WIDE = "@session.task(name='lög ☃', start_cond=\"after task 'none ☃'\")\ndef wide(): ...\n"


def test_names_cannot_paint_the_terminal(place: Daemon) -> None:
    """Names of tasks hold no control characters, but those of folders may."""
    folder = place.cwd / "\x1b[31mred"
    folder.mkdir()
    done = checked(place, HEAD + WIDE, app="\x1b[31mred/app.py")
    assert done.returncode == 3
    assert "lög ☃  process  nothing" in done.stdout
    assert "\ufffd[31mred/app.py:" in done.stdout
    assert "'none ☃'" in done.stderr
    broken = checked(place, "1 / 0\n", app="\x1b[31mred/app.py")
    assert "\ufffd[31mred/app.py" in broken.stderr
    for text in (done.stdout, done.stderr, broken.stderr):
        assert "\x1b" not in text


def test_names_are_escaped_where_the_streams_have_no_such_letters(place: Daemon) -> None:
    done = checked(place, HEAD + WIDE, PYTHONIOENCODING="ascii")
    assert done.returncode == 3
    assert done.stdout.startswith(r"l\xf6g \u2603  process")
    assert r"\u2603" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("Mars/Phobos", "TZ='Mars/Phobos' names no time zone of this host: UTC is taken"),
        ("EET-2EEST", "TZ='EET-2EEST' does not say when the clocks change"),
    ],
)
def test_a_zone_that_is_not_understood_is_told(place: Daemon, zone: str, told: str) -> None:
    done = checked(place, HEAD + TASK, TZ=zone)
    assert done.returncode == 3
    assert f"timezone TZ: {told}" in done.stderr


@pytest.mark.parametrize("zone", ["EST5EDT,M3.2.0,M11.1.0", "Europe/Helsinki", ""])
def test_a_zone_that_is_understood_is_not_told(place: Daemon, zone: str) -> None:
    done = checked(place, HEAD + TASK, TZ=zone)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_app_that_sets_the_zone_by_itself_is_told(place: Daemon) -> None:
    text = "import os, time\nos.environ['TZ'] = 'Asia/Tokyo'\ntime.tzset()\n"
    done = checked(place, text + HEAD + TASK, TZ="UTC")
    assert done.returncode == 3
    assert "the app sets TZ='Asia/Tokyo' when it is imported" in done.stderr
    named = HEAD.replace("Session()", "Session(timezone='Asia/Tokyo')")
    assert checked(place, text + named + TASK, TZ="UTC").returncode == 0


def test_a_year_of_a_simulation_marks_the_days_on_which_the_clocks_change(place: Daemon) -> None:
    head = HEAD.replace("Session()", "Session(timezone='Europe/Helsinki')")
    task = "@session.task(start_cond='daily after 03:30')\ndef work(): ...\n"
    (place.cwd / "app.py").write_text(head + task)
    span = ["--from", "2026-01-01", "--to", "2027-01-01"]
    rows = json.loads(place.ok("simulate", "app.py", *span, "-j"))["occurrences"]
    marked = {row["at"][:10]: row["clocks"] for row in rows if row["clocks"]}
    assert marked == {"2026-03-29": "03:00 -> 04:00", "2026-10-25": "04:00 -> 03:00"}
    shown = place.ok("simulate", "app.py", *span).splitlines()
    assert [line for line in shown if "clocks" in line] == [
        line for line in shown if "2026-03-29" in line or "2026-10-25" in line
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("5 1", "TO (1) must be later than FROM (5)"),
        ("5 5", "TO (5) must be later than FROM (5)"),
        ("nan 1", "FROM: nan is not in the years 1900 to 8999"),
        ("1 inf", "TO: inf is not in the years 1900 to 8999"),
        ("1 2e15", "TO: 2e+15 is not in the years 1900 to 8999"),
        ("0 5 --run-time nan", "--run-time: nan is not from 0"),
        ("0 5 --run-time=-1", "--run-time: -1 is not from 0"),
    ],
)
def test_a_span_of_no_time_is_one_line(place: Daemon, words: str, told: str) -> None:
    (place.cwd / "app.py").write_text(HEAD + TASK)
    done = subprocess.run(
        ["rtd", "simulate", "app.py", *words.split()], executable=BIN / "rtd", cwd=place.cwd,
        env=place.env, capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"rtd: simulate: {told}")
    assert done.stderr.count("\n") == 1


def test_rtctl_refuses_years_that_no_condition_has(place: Daemon) -> None:
    (place.cwd / "app.py").write_text(HEAD + TASK)
    done = place.rtctl("simulate", "app.py", "--from", "1800-01-01", "--to", "1800-01-02")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "is not in the years 1900 to 8999" in done.stderr
