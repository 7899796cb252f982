"""What runs and hooks do to the app takes effect or is told; so is what silences logging."""

import json
from pathlib import Path

from tests.helpers.daemon import DaemonMaker
from tests.helpers.deadline import until

APP = """
import logging.config
from rtd import Session
from rtd.core import Scheduler
session = Session(scheme="log_csv")

@session.task(start_cond="every 50 ms")
def do_once():
    session["do_once"].disabled = True

@session.task(start_cond="every 50 ms", execution="thread")
def switched_by_the_hook(): ...

@session.task()
def ask_for_more():
    session["do_once"].timeout = "2 hours"

@session.task()
def declare():
    session.task(name="late")(lambda: None)
    logging.config.dictConfig({"version": 1})
    logging.disable(logging.CRITICAL)

@Scheduler.hook_startup
def switch(scheduler):
    next(t for t in scheduler.tasks if t.name == "switched_by_the_hook").disabled = True

logging.config.dictConfig({"version": 1})
"""


def test_changes_take_effect_or_are_told(start_daemon: DaemonMaker, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    daemon = start_daemon("app.py", cwd=tmp_path, env={"TZ": "Mars/Phobos"})

    def tasks() -> dict[str, bool]:
        found = json.loads(daemon.ok("tasks", "-j"))["tasks"]
        return {row["name"]: row["enabled"] for row in found}

    until(lambda: not tasks()["do_once"], what="the task has disabled itself")
    assert not tasks()["switched_by_the_hook"]
    assert daemon.rtctl("submit", "ask_for_more", "--wait").returncode != 0
    [run] = json.loads(daemon.ok("ls", "--task", "ask_for_more", "-j"))["runs"]
    assert "cannot be changed while the app serves" in run["why"]
    daemon.ok("submit", "declare", "--wait")
    faults = {
        (fault["kind"], fault["what"]): fault["message"]
        for fault in json.loads(daemon.rtctl("status", "-j").stdout)["faults"]
    }
    assert "made while the app serves, and runs nowhere" in faults["task", "late"]
    assert "names no time zone of this host: UTC is taken" in faults["timezone", "TZ"]
    log = tmp_path / "log" / "tasks.csv"
    until(lambda: log.exists() and '"declare"' in log.read_text(), what="the run is logged")
    runs = json.loads(daemon.ok("ls", "-j"))["runs"]
    assert [run["task"] for run in runs].count("do_once") == 1
    assert "switched_by_the_hook" not in [run["task"] for run in runs]
