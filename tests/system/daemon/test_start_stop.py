"""`rtd run`, `rtd start`, `rtd stop`, `rtd check`: what they say and what they leave."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.helpers.daemon import BIN, Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client, is_alive, restart_supervisor
from tests.helpers.source import PROGRAMS


@pytest.fixture
def place(prepare_daemon: DaemonMaker) -> Daemon:
    """Directories and an environment; nothing is started yet."""
    return prepare_daemon(cwd=PROGRAMS)


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
        assert rt.submit("add", a=2).wait(timeout=20).result() == 2
    stopped = rtd(place, "stop")
    assert (stopped.returncode, stopped.stdout, stopped.stderr) == (0, "", "")
    assert not is_alive(pid)
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


def test_an_app_that_prints_without_end_does_not_fill_the_disk(
    place: Daemon, tmp_path: Path
) -> None:
    app = tmp_path / "app.py"
    app.write_text(
        "from rtd import Session\ns = Session()\nprint(('x' * 99 + chr(10)) * 240_000)\n"
    )
    assert rtd(place, "start", str(app)).returncode == 0
    log = place.home / "state" / "rtd.log"
    sizes = [path.stat().st_size for path in (log, log.with_name("rtd.log.1"))]
    assert sizes[0] < 1 << 20
    assert sizes[1] == 10 << 20
    assert rtd(place, "stop").returncode == 0
    assert "has ended" in log.read_text(), "it goes on in the file that is cut"


def test_a_second_daemon_with_the_same_state_is_refused(place: Daemon) -> None:
    """It would carry out the first one's runs again, and stop its Redis."""
    place.command = ["rtd", "run", "supervised:session"]
    place.start()
    assert place.process is not None
    mine = place.env["RTD_RUNTIME_DIR"]
    place.env["RTD_RUNTIME_DIR"] = str(place.home / "other")
    for verb in ("run", "start"):
        done = rtd(place, verb)
        assert done.returncode == 6
        for part in (f"pid {place.process.pid}", mine, place.env["RTD_STATE_DIR"]):
            assert part in one_line(done)
    place.env["RTD_RUNTIME_DIR"] = mine
    with client(place) as rt:
        assert rt.submit("add", a=2).wait(timeout=20).result() == 2
        restart_supervisor(place)  # only the daemon itself holds the directories
        assert rt.submit("add", a=3).wait(timeout=20).result() == 3


@pytest.mark.parametrize("name", ["RTD_RUNTIME_DIR", "RTD_STATE_DIR"])
def test_a_directory_that_others_may_write_is_refused(place: Daemon, name: str) -> None:
    directory = Path(place.env[name])
    directory.mkdir()
    for mode in (0o777, 0o1777, 0o770):
        directory.chmod(mode)
        for verb in ("run", "start"):
            done = rtd(place, verb)
            assert done.returncode == 2
            for part in (str(directory), f"{mode:04o}", "chmod go-w", name):
                assert part in one_line(done)
    directory.chmod(0o755)
    assert (rtd(place, "start").returncode, rtd(place, "stop").returncode) == (0, 0)


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give files away")
def test_a_directory_of_another_user_is_refused(place: Daemon, tmp_path: Path) -> None:
    directory, link = Path(place.env["RTD_RUNTIME_DIR"]), tmp_path / "link"
    directory.mkdir(mode=0o755)
    link.symlink_to(directory)
    os.lchown(link, 65534, -1)
    place.env["RTD_RUNTIME_DIR"] = str(link)
    assert "belongs to uid 65534" in one_line(rtd(place, "run")), "its owner may turn the link"
    place.env["RTD_RUNTIME_DIR"] = str(directory)
    os.chown(directory, 65534, -1)
    done = rtd(place, "run")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "belongs to uid 65534" in one_line(done)


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become somebody else")
@pytest.mark.parametrize("mode", [0o755, 0o700])
def test_a_stranger_is_told_whose_daemon_it_is(place: Daemon, mode: int) -> None:
    place.command = ["rtd", "run"]
    place.start()
    place.home.chmod(0o755)
    place.socket.parent.chmod(mode)
    # Everything is imported first: the user `nobody` may not read where Python is.
    done = place.python(
        "import os, sys, locale, pwd, shutil, rtd.cli.stop\n"
        "from rtd.cli.main import main\nos.setgroups([])\n"
        "os.setgid(65534)\nos.setuid(65534)\nsys.exit(main(['stop']))"
    )
    assert (done.returncode, done.stderr.count("\n")) == (4, 1), done.stderr
    assert "belongs to root; only root may start and stop a daemon there" in done.stderr
    assert place.process is not None
    assert place.process.poll() is None


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
        ("x = 1\n", "no App"),
        ("class Odd(BaseException): ...\nraise Odd('no')\n", "Odd: no"),
        ("raise KeyboardInterrupt\n", "line 1"),
        ("import sys\nsys.exit(5)\n", "SystemExit: 5"),
        ("import os\nos._exit(4)\n", "exit code 4"),
        ("import os\nos.kill(os.getpid(), 9)\n", "killed by SIGKILL"),
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
    started = rtd(place, "start", str(app))
    assert started.returncode == 1
    assert reason in one_line(started)
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


def test_titles_say_what_each_process_is(start_daemon: DaemonMaker) -> None:
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


def test_two_daemons_live_side_by_side(start_daemon: DaemonMaker) -> None:
    first = start_daemon("supervised:session", cwd=PROGRAMS)
    second = start_daemon("supervised:session", cwd=PROGRAMS)
    with client(first) as one, client(second) as two:
        run = one.submit("add", a=1)
        assert run.wait(timeout=20).result() == 1
        assert two.ls() == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["status"], "rtd: 'status' is no verb of rtd; it is one of rtctl's: `rtctl status`"),
        (["restart"], "rtd: 'restart' is no verb of rtd; `rtd stop`, then `rtd start`"),
        (["nonsense"], "it has run, start, stop, simulate and check"),
        ([], "VERB"),
        (["run", "--set", "x"], "'x' is not NAME=VALUE"),
        (["start", "--wait", "soon"], "'soon' is no duration"),
    ],
)
def test_a_wrong_command_line_is_one_line(place: Daemon, words: list[str], sentence: str) -> None:
    done = rtd(place, *words)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert sentence in one_line(done)


def test_a_name_that_is_no_session_says_which_there_are(place: Daemon, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(
        "from rtd import Session\nmine = Session()\nyours = Session()\nx = 1\n"
    )
    for name, part in (
        ("session", "shop.py has no 'session'; it has mine, yours"),
        ("x", "shop.py has 'x', but that is no App but int; it has mine, yours"),
    ):
        done = rtd(place, "check", f"shop:{name}", cwd=tmp_path)
        assert done.returncode != 0
        assert part in one_line(done)


def test_a_start_that_is_interrupted_says_what_goes_on(place: Daemon, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "import pathlib, time\nfrom rtd import Session\nsession = Session()\n"
        f"pathlib.Path({str(tmp_path / 'importing')!r}).touch()\ntime.sleep(600)\n"
    )
    starting = subprocess.Popen(
        [BIN / "rtd", "start", "app.py"], env=place.env, cwd=tmp_path, stderr=subprocess.PIPE
    )
    until((tmp_path / "importing").exists, what="the import")
    starting.send_signal(signal.SIGINT)
    _, told = starting.communicate(timeout=10)
    assert starting.returncode == 130
    assert b"the daemon is still starting, `rtd stop` ends it" in told
    assert rtd(place, "stop").returncode == 0
