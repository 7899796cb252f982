"""A Flask app whose task leaves a line for each run, and what those lines must say."""

import json
from collections import Counter
from pathlib import Path
from typing import Any, Final

from tests.helpers.daemon import Daemon
from tests.helpers.deadline import until
from tests.helpers.numbered_requests import NumberedRequests

#: As the guide writes it: the module starts the daemon when it is imported. Every tenth request
#: can end its process by a timer in the middle of `apply`, as abruptly as SIGKILL does.
SHOP: Final = """
import os, random, signal
from flask import Flask, jsonify
from rtd.flask import BackgroundTaskWorker

VERSION = 1
app = Flask(__name__)
if "REDIS_URL" in os.environ:
    app.config["TASKER_URL"] = os.environ["REDIS_URL"]
task_worker = BackgroundTaskWorker(app)

@task_worker.define_task
def note(number: int):
    file = os.open(os.environ["RAN"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{number} {VERSION}\\n".encode())
    os.close(file)

@app.post("/apply/<int:number>")
def apply(number):
    if "DIES" in os.environ and number % 10 == 0:
        signal.setitimer(signal.ITIMER_REAL, random.Random(number).uniform(0.00001, 0.001))
    run = note.apply(number=number)
    signal.setitimer(signal.ITIMER_REAL, 0)
    return jsonify(id=run.id), 202

task_worker.start()
"""
#: The number that a master applies itself, before it forks its workers.
BEFORE_FORK: Final = 0


def ran(place: Daemon) -> list[tuple[int, int]]:
    """The number and the version of the code of each run, in order."""
    path = Path(place.env["RAN"])
    lines = path.read_text().splitlines() if path.exists() else []
    return [(int(number), int(version)) for number, version in map(str.split, lines)]


def ran_as(place: Daemon, version: int) -> list[int]:
    """The numbers that ran with a version of the code."""
    return [number for number, used in ran(place) if used == version]


def rows(daemon: Daemon, *flags: str) -> list[dict[str, Any]]:
    """All runs of a daemon."""
    found: list[dict[str, Any]] = json.loads(daemon.ok("ls", "-j", "-n", "20000", *flags))["runs"]
    return found


def check_each_ran_once(daemon: Daemon, *sent: NumberedRequests) -> None:
    """Wait until nothing is queued: what was answered has run once, the rest once at most."""
    answered = set[int]().union(*(requests.answered for requests in sent))
    broken = set[int]().union(*(requests.broken for requests in sent))
    until(lambda: not rows(daemon, "--state", "queued,running"), what="all runs are over")
    counted, found = Counter(number for number, _ in ran(daemon)), rows(daemon)
    assert [requests.others for requests in sent if requests.others] == []
    assert [number for number, times in counted.items() if times > 1] == [], "ran twice"
    assert answered - counted.keys() == set(), "did not run"
    assert counted.keys() - answered - broken - {BEFORE_FORK} == set(), "nobody sent it"
    assert len(found) == len(counted)
    assert {(row["state"], row["attempt"]) for row in found} == {("succeeded", 1)}
    assert json.loads(daemon.ok("status", "-j"))["faults"] == []


def supervisors(daemon: Daemon) -> list[int]:
    """The pids of the supervisors below a place."""
    titles = [one for one in daemon.processes() if "rtd: supervisor" in one.title]
    return [one.pid for one in titles]
