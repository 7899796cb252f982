"""`start()`: one daemon for all web processes, which finds the app and its changes."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.daemon import BIN, Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.web_app import stop_daemon, watchers, web_app, write

FACTORY = """
from flask import Flask, current_app
from rtd.flask import BackgroundTaskWorker

task_worker = BackgroundTaskWorker()

@task_worker.define_task
def name():
    return current_app.name, current_app.config["KIND"]

def create_app(kind="plain", debug=None):
    app = Flask("shop")
    app.config["KIND"] = kind
    app.config["TASKER_DEBUG"] = debug
    task_worker.init_app(app)
    task_worker.start()
    return app

def broken():
    raise ValueError("no database")
"""
RELOADED = """
import os
from flask import Flask, jsonify
from rtd.flask import BackgroundTaskWorker

app = Flask(__name__)
task_worker = BackgroundTaskWorker(app)

@task_worker.define_task
def version():
    return 1

@app.get("/version")
def show():
    return jsonify(version.apply().result(timeout=20))

task_worker.start()
app.run(port=int(os.environ["PORT"]), debug=True)
"""


@pytest.fixture
def place(prepare_daemon: DaemonMaker, tmp_path: Path) -> Iterator[Daemon]:
    daemon = prepare_daemon(cwd=tmp_path)
    yield daemon
    stop_daemon(daemon)


def python(place: Daemon, script: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script], cwd=place.cwd, env={**place.env, **env},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("app", "kind"),
    [
        ("shop", "plain"),
        ("shop.py", "plain"),
        ("shop:task_worker", "plain"),
        ("shop:create_app", "plain"),
        ("shop:create_app()", "plain"),
        ("shop:create_app('dev')", "dev"),
        ("shop.py:create_app(kind='dev')", "dev"),
        ("wsgi:app", "web"),
        ("wsgi", "web"),
    ],
)
def test_an_app_is_named_by_its_factory(place: Daemon, tmp_path: Path, app: str, kind: str) -> None:
    write(tmp_path / "shop.py", FACTORY)
    write(tmp_path / "wsgi.py", "from shop import create_app\napp = create_app('web')\n")
    place.command += [app]
    place.start()
    assert json.loads(place.ok("result", place.ok("submit", "name").strip())) == ["shop", kind]
    assert place.stop() == 0


@pytest.mark.parametrize(
    ("app", "sentence"),
    [
        ("shop:broken()", "shop:broken(): broken() failed: ValueError: no database"),
        ("shop:create_app(open('x'))", "is neither a name nor a call with plain values"),
        ("bare:app", "has 'app', a Flask without a task worker of rtd.flask"),
        ("bare:app", "BackgroundTaskWorker(app), or task_worker.init_app(app)"),
        ("shop:creat_app", "has no 'creat_app'; did you mean 'create_app'?"),
        ("bare:nothing", "has no 'nothing'; as a program of Flask it has none of app, applica"),
        ("taskless", "its task worker has no Flask app; name the app or its factory"),
    ],
)
def test_an_app_that_cannot_be_made(place: Daemon, tmp_path: Path, app: str, sentence: str) -> None:
    write(tmp_path / "shop.py", FACTORY)
    write(tmp_path / "bare.py", "from flask import Flask\napp = Flask('bare')\n")
    write(
        tmp_path / "taskless.py",
        "from rtd.flask import BackgroundTaskWorker\ntask_worker = BackgroundTaskWorker()\n",
    )
    done = subprocess.run(
        [BIN / "rtd", "check", app], cwd=tmp_path, env=place.env, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_many_processes_start_one_daemon(place: Daemon, tmp_path: Path) -> None:
    write(tmp_path / "shop.py", FACTORY)
    script = (
        "import shop; app = shop.create_app()\nfor _ in range(25): print(shop.name.apply().id)\n"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script], cwd=tmp_path, env=place.env, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for _ in range(4)
    ]  # fmt: skip
    ids = []
    for process in started:
        out, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
        ids += out.split()
    assert len(set(ids)) == 100
    place.ok("wait", *ids)
    rows = json.loads(place.ok("ls", "-j", "-n", "200"))["runs"]
    assert sorted(row["id"] for row in rows) == sorted(ids)
    assert {(row["state"], row["attempt"]) for row in rows} == {("succeeded", 1)}
    log = (place.home / "state" / "rtd.log").read_text()
    assert log.count("info  ready: ") == 1


@pytest.mark.slow
def test_the_program_to_import_is_named(place: Daemon, tmp_path: Path) -> None:
    write(tmp_path / "shop.py", FACTORY)
    script = "import shop; app = shop.create_app('web'); print(shop.name.apply().result(30))"
    done = python(place, script, FLASK_APP="shop:create_app('dev')")
    assert done.stdout == "('shop', 'dev')\n", done.stderr
    stop_daemon(place)
    done = python(place, f"import sys, shop; {script}")
    assert done.stdout == "('shop', 'plain')\n", done.stderr
    done = python(place, "import shop; shop.create_app(); shop.task_worker.stop()")
    assert (done.returncode, done.stderr) == (0, "")
    assert place.rtctl("ping").returncode != 0


def test_a_program_that_does_not_import_is_one_line(place: Daemon, tmp_path: Path) -> None:
    write(tmp_path / "shop.py", FACTORY)
    script = (
        "import shop\n"
        "from rtd.common.errors import AppError\n"
        "try: shop.create_app()\n"
        "except AppError as error: print(error)\n"
    )
    done = python(place, script, FLASK_APP="shop:broken()")
    assert done.stdout.startswith(
        "task_worker: no daemon came up for shop:broken() (by FLASK_APP): "
    )
    assert "broken() failed: ValueError: no database" in done.stdout
    assert done.stdout.count("\n") == 1


@pytest.mark.slow
def test_changed_code_reaches_the_daemon_in_debug(place: Daemon, tmp_path: Path) -> None:
    write(tmp_path / "app.py", RELOADED)
    with web_app(place, "app.py") as web:

        def shown() -> int | None:
            try:
                version: int = web.call("/version")[1]
            except OSError:  # the server reloads itself
                return None
            return version

        until(lambda: shown() == 1, what="the first version")
        write(tmp_path / "app.py", RELOADED.replace("return 1", "return 2"))
        until(lambda: shown() == 2, within_s=40, what="the second version")
    log = (place.home / "state" / "rtd.log").read_text()
    assert log.count("info  ready: ") == 1


def test_changed_code_reaches_the_daemon_at_the_next_start(place: Daemon, tmp_path: Path) -> None:
    script = "import shop; app = shop.create_app(); print(shop.name.apply().result(30))"
    write(tmp_path / "shop.py", FACTORY)
    assert python(place, script).stdout == "('shop', 'plain')\n"
    write(tmp_path / "shop.py", FACTORY.replace("return current_app.name,", "return 'new',"))
    done = python(place, script.replace("create_app()", "create_app(debug=False)"))
    assert (done.stdout, "TASKER_DEBUG is False" in done.stderr) == ("('shop', 'plain')\n", True)
    assert python(place, script).stdout == "('new', 'plain')\n"


def test_without_flask_the_import_names_the_extra(place: Daemon) -> None:
    script = "import sys; sys.modules['flask'] = None\nimport rtd.flask"
    done = python(place, script)
    assert re.search(r'rtd.flask needs Flask: pip install "rtd-daemon\[flask\]"', done.stderr)
    assert python(place, "import rtd, sys; assert 'flask' not in sys.modules").returncode == 0


def test_each_checkout_has_directories_of_its_own(place: Daemon, tmp_path: Path) -> None:
    script = (
        "from flask import Flask\n"
        "from rtd.flask.daemon.daemon_paths import paths_of\n"
        "from rtd.flask.core.settings import FlaskSettings\n"
        "import sys\n"
        "app = Flask('my shop', instance_path=sys.argv[1])\n"
        "print(*paths_of(app, FlaskSettings()), sep='\\n')\n"
    )
    env = {n: v for n, v in place.env.items() if not n.startswith("RTD_")}
    found = [
        subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / name)],
            env=env, capture_output=True, text=True, check=True,
        ).stdout.splitlines()
        for name in ("one", "two", "one")
    ]  # fmt: skip
    assert found[0] == found[2] != found[1]
    runtime, state, listener = found[0]
    assert re.fullmatch(r"flask-my-shop-[0-9a-f]{8}", os.path.basename(runtime))
    assert os.path.basename(state) == os.path.basename(runtime)
    assert listener == f"{runtime}/rtd.sock"


UNUSED = """
from flask import Flask, jsonify
from rtd.flask import BackgroundTaskWorker
from rtd.flask.daemon import web_processes
import os, time

web_processes.UNUSED_S = 0.5
app = Flask(__name__)
task_worker = BackgroundTaskWorker(app)

@task_worker.define_task
def until_exists(path):
    while not os.path.exists(path):
        time.sleep(0.02)

@app.post("/runs")
def submit():
    return jsonify(until_exists.apply(path="go").id)

task_worker.start()
if __name__ == "__main__":
    app.run(port=int(os.environ["PORT"]), debug=True)
"""


@pytest.mark.slow
def test_a_daemon_of_debug_ends_after_its_last_web_process(place: Daemon, tmp_path: Path) -> None:
    write(tmp_path / "app.py", UNUSED)
    with web_app(place, "app.py") as first, web_app(place, "app.py") as second:
        run = first.call("/runs", "POST")[1]
        until(lambda: place.rtctl("show", run, "-j").stdout.count('"running"') > 0)
        first.end()
        run = second.call("/runs", "POST")[1]
    ended = until(lambda: watchers(place) and place.rtctl("ping").returncode == 0)
    assert ended  # a run goes on, and so does the daemon
    write(tmp_path / "go", "")
    until(lambda: place.rtctl("ping").returncode != 0, within_s=20, what="the daemon has ended")
    until(lambda: not watchers(place), what="the watcher has ended")
    log = (place.home / "state" / "rtd.log").read_text()
    assert log.count("info  ready: ") == 1


@pytest.mark.slow
def test_a_daemon_of_debug_that_was_started_by_hand_meanwhile_stays(
    place: Daemon, tmp_path: Path
) -> None:
    write(tmp_path / "app.py", UNUSED)
    with web_app(place, "app.py"):
        until(lambda: watchers(place), what="a watcher")
        done = subprocess.run(
            [BIN / "flask", "rtd", "start"], cwd=place.cwd, env=place.env, capture_output=True,
            text=True, timeout=60, check=False,
        )  # fmt: skip
        assert "is running already" in done.stdout, done.stderr
    until(lambda: not watchers(place), within_s=20, what="the watcher has ended")
    assert place.rtctl("ping").returncode == 0


@pytest.mark.slow
def test_a_daemon_that_no_web_process_has_started_stays(place: Daemon, tmp_path: Path) -> None:
    write(tmp_path / "app.py", UNUSED)
    place.command += ["app.py"]
    place.start()
    with web_app(place, "app.py") as web:
        web.call("/runs", "POST")
        assert not watchers(place)
    write(tmp_path / "go", "")
    assert place.rtctl("ping").returncode == 0
    assert place.stop() == 0
