"""The Flask app with its task, for the daemon and for the web processes of rtd."""

from __future__ import annotations

import os

from flask import Flask

from benchmarks import marks
from rtd.flask import BackgroundTaskWorker

app = Flask("shop")
app.config["TASKER_URL"] = os.environ.get("BENCH_URL")
task_worker = BackgroundTaskWorker(app)


@task_worker.define_task
def noop() -> None:
    """Do nothing."""
    marks.note_first_start()
