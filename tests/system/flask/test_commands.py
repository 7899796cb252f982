"""`flask rtd`: the daemon of a Flask app from its own command line."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.daemon import BIN, Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.external import ExternalRedis
from tests.helpers.source import PROGRAMS
from tests.helpers.web_app import stop_daemon, watchers, write

APP = """
from flask import Flask, current_app
from rtd.flask import BackgroundTaskWorker

app, admin = Flask("shop"), Flask("admin")
task_worker = BackgroundTaskWorker(app)
task_worker.init_app(admin)

@task_worker.define_task
def add(a, b):
    print(current_app.name, "adds")
    return int(a) + int(b)

task_worker.start()
app.run()
"""


@pytest.fixture
def place(prepare_daemon: DaemonMaker, tmp_path: Path) -> Iterator[Daemon]:
    daemon = prepare_daemon(cwd=tmp_path)
    write(tmp_path / "app.py", APP)
    yield daemon
    stop_daemon(daemon)


def flask(place: Daemon, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "flask", *words], cwd=place.cwd, env=place.env, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_the_daemon_from_flasks_command_line(place: Daemon) -> None:
    none = flask(place, "rtd", "ls")
    assert (none.returncode, none.stdout) == (7, "")
    assert none.stderr.startswith("rtctl: rtd cannot be reached")  # start() has started none
    assert "start it with `flask rtd start` or task_worker.start()" in none.stderr
    assert "rtd start APP" not in none.stderr
    flags = ["--set", "lanes.process.max=1"]
    running = subprocess.Popen(
        [BIN / "flask", "rtd", "run", *flags], cwd=place.cwd, env=place.env,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        until(place.socket.exists, what="the daemon listens")
        first = flask(place, "rtd", "submit", "add", "a=1", "b=2").stdout.strip()
        second = flask(place, "--app", "app:admin", "rtd", "submit", "-q", "add", "a=1", "b=2")
        place.ok("wait", first, second.stdout.strip())
        assert flask(place, "rtd", "logs", first).stdout == "shop adds\n"
        assert flask(place, "rtd", "logs", second.stdout.strip()).stdout == "admin adds\n"
        assert len(flask(place, "rtd", "ls", "-q").stdout.split()) == 2
        assert flask(place, "rtd", "ls", "--help").stdout.startswith("rtctl ls")
        assert "succeeded" in flask(place, "rtd", "show", first).stdout
        assert flask(place, "rtd", "result", first).stdout == "3\n"
        assert flask(place, "rtd", "reload").returncode == 0
        assert "Show how the daemon is" in flask(place, "rtd", "--help").stdout
        wrong = flask(place, "rtd", "submit", "ad")
        assert (wrong.returncode, wrong.stdout) == (5, "")
        assert "did you mean 'add'" in wrong.stderr
        assert flask(place, "rtd", "stop").returncode == 0
        assert running.wait(20) == 0
    finally:
        running.send_signal(signal.SIGKILL)
        output, _ = running.communicate()
    assert "Traceback" not in output


@pytest.mark.slow
def test_the_daemon_in_the_background(place: Daemon) -> None:
    started = flask(place, "rtd", "start", "--name", "mine")
    assert (started.returncode, started.stderr) == (0, "")
    pid = json.loads(place.ok("ping", "-j"))["pid"]
    assert started.stdout.startswith(f"the daemon of 'shop' has started (pid {pid}); log: ")
    again = flask(place, "rtd", "start")
    assert again.stdout.startswith(f"the daemon of 'shop' is running already (pid {pid}); log: ")
    assert (again.returncode, again.stderr) == (0, "")
    assert json.loads(place.ok("info", "-j"))["name"] == "mine"
    assert not watchers(place)
    assert flask(place, "rtd", "queue", "pause", "slow").returncode == 0
    assert "slow" in flask(place, "rtd", "queues").stdout
    assert flask(place, "rtd", "events", "--help").stdout.startswith("rtctl events")
    assert "No such command 'complete'" in flask(place, "rtd", "complete").stderr
    assert flask(place, "rtd", "stop").returncode == 0
    stopped = flask(place, "rtd", "stop")
    assert stopped.returncode == 7
    assert "rtd start" not in stopped.stderr
    wrong = flask(place, "rtd", "start", "--sett", "x")
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("Error: task_worker: no daemon came up for app (found; ")
    assert wrong.stderr.count("\n") == 1


def test_without_a_daemon_a_view_says_how_to_start_one(place: Daemon) -> None:
    script = (
        "import app\nfrom rtctl import DaemonUnreachable\n"
        "app.task_worker.stop()\n"
        "try: app.add.apply(a=1, b=2)\nexcept DaemonUnreachable as error: print(error)\n"
        "try: app.task_worker.client().ls()\nexcept DaemonUnreachable as error: print(error)\n"
    )
    text = APP.replace("task_worker.start()\napp.run()", "").replace(
        "task_worker.init_app(admin)", ""
    )
    write(Path(place.cwd) / "app.py", text)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=place.cwd, env=place.env, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    hint = "start it with `flask rtd start` or task_worker.start(); if it runs elsewhere, set"
    assert done.stdout.count(hint) == 2, done.stdout + done.stderr
    assert "rtd start APP" not in done.stdout


def test_an_app_without_a_worker_is_one_line(place: Daemon, tmp_path: Path) -> None:
    write(tmp_path / "app.py", "from flask import Flask\napp = Flask('bare')\n")
    for verb in ("run", "start", "ls", "submit", "logs", "stop"):
        done = flask(place, "rtd", verb)
        assert done.returncode == 1
        assert done.stderr.startswith("Error: the Flask app 'bare' has no task worker")
        assert done.stderr.count("\n") == 1
    write(
        tmp_path / "app.py",
        "from flask import Flask\nfrom rtd.flask import BackgroundTaskWorker\n"
        "app = Flask('shop')\napp.config['TASKER_URL'] = '/run/x.sock'\n"
        "worker = BackgroundTaskWorker(app)\n",
    )
    for verb in ("start", "stop"):
        done = flask(place, "rtd", verb)
        assert "the daemon at TASKER_URL (/run/x.sock) is not one of this app's" in done.stderr
    none = flask(place, "rtd", "ls")
    named = "TASKER_URL names this socket: if it runs elsewhere, change that"
    assert none.returncode == 7
    assert none.stderr.endswith(
        f"start it with `rtd start APP` or `systemctl start rtd`; {named}\n"
    )
    view = "import app\ntry: app.worker.client().ls()\nexcept Exception as error: print(error)\n"
    done = subprocess.run(
        [sys.executable, "-c", view], cwd=place.cwd, env=place.env, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert named in done.stdout, done.stderr
    text = (tmp_path / "app.py").read_text()
    write(tmp_path / "app.py", text.replace("/run/x.sock", "redis://:secret@127.0.0.1:1/0"))
    done = flask(place, "rtd", "ls")
    assert done.returncode == 3
    assert done.stderr.startswith("rtctl: no Redis at redis://127.0.0.1:1/0")
    assert "secret" not in done.stderr


@pytest.mark.slow
def test_without_a_daemon_on_this_host_the_commands_go_to_the_redis_of_the_workers(
    place: Daemon, start_daemon: DaemonMaker, external: ExternalRedis, tmp_path: Path, gate: Path
) -> None:
    start_daemon("jobs:session", cwd=PROGRAMS, flags=["--redis", external.url])
    write(
        tmp_path / "app.py",
        "from flask import Flask\nfrom rtd.flask import BackgroundTaskWorker\n"
        f"app = Flask('shop')\napp.config['TASKER_URL'] = '{external.url}?name=rtd'\n"
        "BackgroundTaskWorker(app)\n",
    )
    place.env["RTD_URL"] = "redis://:secret@127.0.0.1:1/0"  # the app's own has precedence
    with subprocess.Popen(
        [BIN / "flask", "rtd", "submit", "--wait", "hold", f"gate={gate}"],
        cwd=place.cwd, env=place.env, stdout=subprocess.PIPE, text=True,
    ) as waiting:  # fmt: skip
        words = Path(f"/proc/{waiting.pid}/cmdline")
        until(lambda: b"rtctl" in words.read_bytes(), what="it has become rtctl")
        until(lambda: flask(place, "rtd", "ls", "-q").stdout != "", what="the run is queued")
        assert str(external.socket).encode() not in words.read_bytes(), "ps would show the URL"
        gate.touch()
        output, _ = waiting.communicate(timeout=30)
    assert waiting.returncode == 0
    run = output.split()[0]
    assert flask(place, "rtd", "ls", "-q").stdout.split() == [run]
    logs = flask(place, "rtd", "logs", run)
    assert (logs.returncode, logs.stdout) == (2, "")
    assert logs.stderr.startswith("rtctl: logs needs a daemon, and this client has only Redis at")


@pytest.mark.slow
@pytest.mark.parametrize("words", [("routes",), ("shell",), ("own",)])
def test_other_commands_of_flask_start_no_daemon(place: Daemon, words: tuple[str, ...]) -> None:
    own = APP.replace("task_worker.start()\napp.run()", "app.cli.command('own')(lambda: print(1))")
    write(place.cwd / "app.py", f"{own}\ntask_worker.start()\n")
    done = flask(place, *words)
    assert done.returncode == 0, done.stderr
    none = flask(place, "rtd", "ls")
    assert none.returncode == 7, none.stdout
