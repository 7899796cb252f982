"""A package with a factory, as Flask's tutorial has it: the daemon finds the app as Flask does."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.daemon import BIN, Daemon, DaemonMaker
from tests.helpers.web_app import WebApp, free_port, stop_daemon, write

PACKAGE = """
from flask import Flask

def create_app(kind="plain"):
    app = Flask(__name__)
    app.config["KIND"] = kind
    from shop import views
    app.register_blueprint(views.pages)
    from shop.tasks import task_worker
    task_worker.init_app(app)
    task_worker.start()
    return app
"""
TASKS = """
from flask import current_app
from rtd.flask import BackgroundTaskWorker

task_worker = BackgroundTaskWorker()

@task_worker.define_task
def kind():
    return current_app.config["KIND"]
"""
VIEWS = """
from flask import Blueprint, jsonify

pages = Blueprint("pages", __name__)

@pages.get("/kind")
def show():
    from shop.tasks import kind
    return jsonify(kind.apply().result(timeout=30))
"""
SUBMIT = "import shop.tasks; print(shop.tasks.kind.apply().result(30))"


@pytest.fixture
def place(prepare_daemon: DaemonMaker, tmp_path: Path) -> Iterator[Daemon]:
    write(tmp_path / "shop/__init__.py", PACKAGE)
    write(tmp_path / "shop/tasks.py", TASKS)
    write(tmp_path / "shop/views.py", VIEWS)
    daemon = prepare_daemon(cwd=tmp_path)
    yield daemon
    stop_daemon(daemon)


def check(place: Daemon, app: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "rtd", "check", app], cwd=place.cwd, env=place.env, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["flask", "--app", "shop", "run", "--port"], "plain"),
        (["flask", "--app", "shop:create_app", "run", "--port"], "plain"),
        (["flask", "run", "--port"], "wsgi"),
        (["gunicorn", "--no-control-socket", "wsgi:app", "-b"], "plain"),
        (["gunicorn", "--no-control-socket", "shop:create_app()", "-b"], "plain"),
    ],
    ids=" ".join,
)
def test_a_web_server_starts_the_daemon_of_a_factory(
    place: Daemon, tmp_path: Path, words: list[str], kind: str
) -> None:
    write(tmp_path / "wsgi.py", "from shop import create_app\napp = create_app('wsgi')\n")
    port = free_port()
    at = f"127.0.0.1:{port}" if words[0] == "gunicorn" else str(port)
    web = WebApp(place, "-m", *words, at, port=port, env={"SPT_NOENV": "1"})
    try:
        web.wait_until_up()
        assert web.call("/kind") == (200, kind)
    finally:
        web.end()


@pytest.mark.slow
def test_a_program_starts_the_daemon_of_a_factory(place: Daemon) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"from shop import create_app; create_app(); {SUBMIT}"],
        cwd=place.cwd, env=place.env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "plain\n"), done.stderr


@pytest.mark.parametrize(
    "app", ["shop", "shop:create_app", "shop/__init__.py", "shop.tasks", "wsgi", "wsgi:other"]
)
def test_rtd_takes_what_flask_takes(place: Daemon, tmp_path: Path, app: str) -> None:
    write(tmp_path / "wsgi.py", "import shop\n\nother = shop.create_app()\n")
    done = check(place, app)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("kind ")


NEITHER = "there is none of app, application, create_app() and make_app()"

IT = "Flask it has none of app, application, create_app() and make_app(); name the app or its fac"


@pytest.mark.parametrize(
    ("text", "app", "sentence"),
    [
        ("from flask import Flask\n", "other", NEITHER),
        ("from flask import Flask\napp = Flask('x')\n", "other", "a Flask without a task worker"),
        ("import flask\ndef create_app(kind): ...\n", "other", "create_app() needs arguments; a c"),
        (
            "import flask\ndef make_app(): return flask.Flask('x')\n",
            "other",
            "make_app() returned Flask, without a task worker of rtd.flask",
        ),
        ("import flask\ndef web(): return 3\n", "other:web", "web() returned int, no Flask app"),
        ("def web(): return 3\n", "other:web", "is no App but function"),
        ("", "other", "has no App; write `app = App()`"),
        ("import flask.cli as x\n", "other", NEITHER),
        ("from lib import x\n", "other", f"has no App; write `app = App()`; as a program of {IT}"),
    ],
)
def test_a_module_without_an_app_is_one_line(
    place: Daemon, tmp_path: Path, text: str, app: str, sentence: str
) -> None:
    write(tmp_path / "other.py", text)
    write(tmp_path / "lib.py", "import flask\nx = 3\n")
    done = check(place, app)
    assert done.returncode == 3
    assert sentence in done.stderr
    assert "TASKER_APP" in done.stderr or "init_app" in done.stderr or "flask" not in text
    assert done.stderr.count("\n") == 1
