"""The programs of Flask-TaskWorker's document, as they are written there, against a live server."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.web_app import WebApp, stop_daemon, web_app

#: What the document leaves to its reader: a database, a view, a slow way to send mail.
PARTS = """
import os, time
from pathlib import Path
from flask import Flask, jsonify, request
from flask_sqlalchemy import SQLAlchemy
from rtd.flask import BackgroundTaskWorker, BlockingTaskWorker

db = SQLAlchemy()

class Mail(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    to = db.Column(db.String)

def send_message(**kwargs):
    while not Path(os.environ["GATE"]).exists():
        time.sleep(0.01)
    db.session.add(Mail(to=kwargs["to"]))
    db.session.commit()

def prepare(app):
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///" + os.environ["DATABASE"]
    db.init_app(app)
    with app.app_context():
        db.create_all()
    return app
"""
TASKS = """
@task_worker.define_task
def email_task(**kwargs):

    msg = send_message(**kwargs)
"""
VIEWS = """
@app.post("/mails")
def send():
    payload = {"to": request.args["to"]}
    run = email_task.apply(**payload)
    return jsonify(id=run.id), 202

@app.get("/runs/<run_id>")
def show(run_id):
    return jsonify(state=task_worker.client().get(run_id).state)
"""
RUN = 'app.run(port=int(os.environ["PORT"]))\n'
BACKGROUND = f"""{PARTS}
app = Flask(__name__)
prepare(app)
task_worker = BackgroundTaskWorker(app)
{TASKS}{VIEWS}
task_worker.start()
{RUN}"""
LATER = f"""{PARTS}
task_worker = BackgroundTaskWorker()

app = Flask(__name__)
prepare(app)
task_worker.init_app(app)
{TASKS}{VIEWS}
task_worker.start()
{RUN}"""
BLOCKING = f"""{PARTS}
task_worker = BlockingTaskWorker()

app = Flask(__name__)
prepare(app)
task_worker.init_app(app)
{TASKS}{VIEWS}"""


@pytest.fixture
def place(prepare_daemon: DaemonMaker, tmp_path: Path) -> Iterator[Daemon]:
    env = {"GATE": str(tmp_path / "gate"), "DATABASE": str(tmp_path / "mails.db")}
    daemon = prepare_daemon(cwd=tmp_path, env=env)
    yield daemon
    stop_daemon(daemon)


def send_and_see(web: WebApp, tmp_path: Path, to: str) -> None:
    """A request returns while its task waits; later the mail is in the database."""
    gate = tmp_path / "gate"
    gate.unlink(missing_ok=True)
    status, answer = web.call(f"/mails?to={to}", "POST")
    assert status == 202
    path = f"/runs/{answer['id']}"
    until(lambda: web.call(path)[1]["state"] != "queued", what="the run starts")
    assert web.call(path)[1]["state"] == "running"
    assert to not in mails(tmp_path)
    gate.touch()
    until(lambda: web.call(path)[1]["state"] == "succeeded", what="the run ends")
    assert to in mails(tmp_path)


def mails(tmp_path: Path) -> list[str]:
    with sqlite3.connect(tmp_path / "mails.db") as database:
        return [to for (to,) in database.execute("select `to` from mail")]


@pytest.mark.slow
@pytest.mark.parametrize("program", [BACKGROUND, LATER], ids=["app", "init_app"])
def test_web_and_tasks_on_one_host(place: Daemon, tmp_path: Path, program: str) -> None:
    (tmp_path / "app.py").write_text(program)
    with web_app(place, "app.py") as web:
        send_and_see(web, tmp_path, "ann")
        pid = (place.home / "run" / "rtd.pid").read_text()
    with web_app(place, "app.py") as web:  # the daemon outlives the first one, and is found
        send_and_see(web, tmp_path, "bob")
        assert (place.home / "run" / "rtd.pid").read_text() == pid
    assert "FAULT" not in place.ok("status")
    assert "warn" not in (place.home / "state" / "rtd.log").read_text()


@pytest.mark.slow
def test_web_and_tasks_as_two_programs(place: Daemon, tmp_path: Path) -> None:
    (tmp_path / "web.py").write_text(f"{BLOCKING}\n{RUN}")
    (tmp_path / "worker.py").write_text(f"{BLOCKING}\ntask_worker.start()\n")
    worker = subprocess.Popen(
        [sys.executable, "worker.py"], cwd=tmp_path, env=place.env, stderr=subprocess.PIPE
    )
    try:
        until(place.socket.exists, what="the daemon listens")
        with web_app(place, "web.py") as web:
            send_and_see(web, tmp_path, "ann")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(20) == 0
    finally:
        worker.kill()
        _, errors = worker.communicate()
    assert b"Traceback" not in errors
    assert not place.socket.exists()
