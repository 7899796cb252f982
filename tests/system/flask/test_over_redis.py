"""`TASKER_URL=redis://...`: the web host and the worker host have nothing in common but Redis."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.external import ExternalRedis
from tests.helpers.web_app import web_app

SHOP = """
import os
from flask import Flask, current_app, jsonify
from rtd.flask import BackgroundTaskWorker, BlockingTaskWorker

Worker = BlockingTaskWorker if os.environ.get("IS_WORKER") else BackgroundTaskWorker
app = Flask("shop")
app.config["TASKER_URL"] = os.environ["REDIS_URL"]
app.config["CURRENCY"] = os.environ.get("CURRENCY")
task_worker = Worker(app)

@task_worker.define_task(queue="shop")
def price(number):
    return number, current_app.config["CURRENCY"], os.environ.get("IS_WORKER")

@app.post("/apply")
def apply():
    return jsonify(price.apply_with({"number": 7}, id="order-7").id)

@app.get("/state")
def state():
    return jsonify(task_worker.client().get("order-7").state)

@app.get("/result")
def result():
    return jsonify(task_worker.client().get("order-7").result(timeout=30))

@app.get("/wrong")
def wrong():
    try:
        price.apply(count=1)
    except Exception as error:
        return jsonify(str(error))

task_worker.start()
if not os.environ.get("IS_WORKER"):
    app.run(port=int(os.environ["PORT"]))
"""


@pytest.fixture
def hosts(prepare_daemon: DaemonMaker, tmp_path: Path) -> tuple[Daemon, Daemon]:
    """Two places with directories of their own; each has its copy of the program."""
    found = []
    for name in ("web", "worker"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "shop.py").write_text(SHOP)
        found.append(prepare_daemon(cwd=tmp_path / name))
    return found[0], found[1]


@pytest.mark.slow
def test_a_flask_app_and_its_worker_share_nothing_but_redis(
    hosts: tuple[Daemon, Daemon], external: ExternalRedis
) -> None:
    web, worker = hosts
    url = {"REDIS_URL": f"{external.url}?name=shop"}
    with web_app(web, "shop.py", env=url) as app:
        app.call("/apply", "POST")
        assert app.call("/state")[1] == "queued", "no worker has ever run"
        assert not (web.home / "run").exists(), "no daemon is started on the web host"
        with worker.log.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "shop.py"], cwd=worker.cwd, stdout=log, stderr=log,
                env={**worker.env, **url, "IS_WORKER": "yes", "CURRENCY": "EUR"},
            )  # fmt: skip
        try:
            assert app.call("/result")[1] == [7, "EUR", "yes"]
            until(lambda: "on node" in app.call("/wrong")[1], what="it has the workers' tasks")
            assert "misses 'number' and does not take 'count'" in app.call("/wrong")[1]
        finally:
            process.terminate()
            process.wait(20)
