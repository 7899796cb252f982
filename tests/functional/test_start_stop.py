"""`rtd run`, `rtd start`, `rtd stop`, `rtd check`: what they say and what they leave."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.functional.conftest import PROGRAMS
from tests.helpers.daemon import BIN, Daemon
from tests.helpers.deadline import until
from tests.helpers.running import alive, client

Start = Callable[..., Daemon]


@pytest.fixture
def place() -> Iterator[Daemon]:
    """Directories and an environment; nothing is started yet."""
    daemon = Daemon(cwd=PROGRAMS)
    yield daemon
    assert daemon.close() == []


def rtd(place: Daemon, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the `rtd` command there."""
    return subprocess.run(
        ["rtd", *words],
        executable=BIN / "rtd", cwd=cwd or place.cwd, env=place.env, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    """The last line of stderr; nothing there may be a traceback."""
    assert "Traceback" not in done.stderr, done.stderr
    return done.stderr.strip().splitlines()[-1]


def test_start_detaches_waits_until_ready_and_stop_leaves_nothing(place: Daemon) -> None:
    started = rtd(place, "start", "supervised:session")
    assert (started.returncode, started.stdout) == (0, "")
    pid = int(one_line(started).partition("pid ")[2].partition(";")[0])
    assert Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1] == "1"
    with client(place) as rt:
        assert rt.submit("add", a=2).wait(timeout=10).result == 2
    stopped = rtd(place, "stop")
    assert (stopped.returncode, stopped.stdout, stopped.stderr) == (0, "", "")
    assert not alive(pid)
    assert place.processes() == []
    assert list((place.home / "run").iterdir()) == []


def test_a_second_daemon_in_the_same_place_is_refused(place: Daemon) -> None:
    place.command = ["rtd", "run"]
    place.start()
    for verb in ("run", "start"):
        done = rtd(place, verb)
        assert done.returncode == 6
        assert "running already" in one_line(done)
        assert f"pid {place.process.pid}" in done.stderr if place.process else False


def test_stop_without_a_daemon_says_so(place: Daemon) -> None:
    done = rtd(place, "stop")
    assert (done.returncode, done.stderr.count("\n")) == (7, 1)
    assert "no daemon runs" in done.stderr


def test_start_reports_why_the_daemon_did_not_come_up(place: Daemon) -> None:
    done = rtd(place, "start", "nowhere:session")
    assert done.returncode == 1
    assert "nowhere" in one_line(done)
    assert place.processes() == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import json\n\nimport not_there\n", "line 3"),
        ("def broken(:\n", "line 1"),
        ("x = 1\n", "no Session"),
        ("from rtd import Session\ns = Session()\n@s.task(timeot=3)\ndef t(): ...\n", "timeout"),
    ],
)
def test_an_app_that_does_not_import_is_one_line_with_its_place(
    place: Daemon, tmp_path: Path, text: str, reason: str
) -> None:
    app = tmp_path / "app.py"
    app.write_text(text)
    done = rtd(place, "run", str(app))
    assert done.returncode == 1
    assert reason in one_line(done)
    assert place.processes() == []
    checked = rtd(place, "check", str(app))
    assert checked.returncode == 3
    assert reason in one_line(checked)


def test_check_lists_the_tasks(place: Daemon) -> None:
    done = rtd(place, "check", "supervised:session")
    assert (done.returncode, done.stderr) == (0, "")
    lines = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert "a, b=..." in lines["add"]
    assert "supervised.py:" in lines["add"]
    assert lines["fresh"].split()[1] == "fresh"


def test_check_names_threads_that_an_import_starts(place: Daemon, tmp_path: Path) -> None:
    app = tmp_path / "app.py"
    app.write_text(
        "import threading\nfrom rtd import Session\ns = Session()\n@s.task\ndef t(): ...\n"
        "threading.Thread(target=threading.Event().wait, name='eager', daemon=True).start()\n"
    )
    done = rtd(place, "check", str(app))
    assert done.returncode == 3
    assert "eager" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["run", "--bogus"], 2, "unrecognized"),
        (["run", "--set", "lanes.proces.max=1"], 2, "lanes.process.max"),
        (["run", "--set", "output.quota=lots"], 2, "output.quota"),
        (["run", "--redis", "http://x"], 2, "redis://"),
        (["run", "--config", "/nowhere/rtd.toml"], 2, "/nowhere/rtd.toml"),
        (["run", "--group", "no-such-group"], 2, "no-such-group"),
        (["bogus"], 2, "run"),
        ([], 2, "VERB"),
    ],
)
def test_wrong_usage_is_told_in_a_line(
    place: Daemon, words: list[str], code: int, reason: str
) -> None:
    done = rtd(place, *words)
    assert done.returncode == code
    assert reason in one_line(done)
    assert place.processes() == []


def test_a_path_that_is_too_long_for_a_socket_is_told(place: Daemon) -> None:
    place.env["RTD_RUNTIME_DIR"] = "/tmp/" + "x" * 120
    done = rtd(place, "run")
    assert done.returncode == 2
    assert "RTD_RUNTIME_DIR" in one_line(done)


def test_titles_say_what_each_process_is(start_daemon: Start) -> None:
    daemon = start_daemon("supervised:session", cwd=PROGRAMS)
    with client(daemon) as rt:
        run = rt.submit("sleep", seconds=600)
        until(lambda: any(run.id in p.title for p in daemon.processes()), what="the run's title")
        titles = [found.title for found in daemon.processes()]
        assert "rtd: supervisor" in titles
        assert "rtd: app supervised:session" in titles
        assert f"rtd: process sleep {run.id}" in titles
        assert "rtd: fresh idle" in titles
        run.kill(grace=1.0)


def test_systemd_is_told_when_the_daemon_is_ready(place: Daemon, tmp_path: Path) -> None:
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)
        place.env["NOTIFY_SOCKET"] = str(tmp_path / "notify")
        place.command = ["rtd", "run"]
        place.start()
        assert manager.recv(100) == b"READY=1\n"


def test_two_daemons_live_side_by_side(start_daemon: Start) -> None:
    first = start_daemon("supervised:session", cwd=PROGRAMS)
    second = start_daemon("supervised:session", cwd=PROGRAMS)
    with client(first) as one, client(second) as two:
        run = one.submit("add", a=1)
        assert run.wait(timeout=10).result == 1
        assert two.ls() == []
