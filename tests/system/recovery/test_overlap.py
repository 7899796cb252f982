"""No run of a task beside another one of it, and no due moment lost: by hand, and over reloads."""

import itertools
import json
import threading
import time
from pathlib import Path
from typing import Any

from rtctl import Client
from rtd.common.errors import WrongState
from tests.helpers.daemon import DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client

HANDS = 6
#: Starts by hand.
WANTED = 60

BY_HAND = """
import time
from rtd import Session

session = Session()

@session.task(start_cond="every 160 ms", execution="thread")
def busy():
    time.sleep(0.03)

@session.task(start_cond="never")
def idle(): ...
"""

RELOADED = """
import asyncio
from rtd import Session

session = Session()

async def work():
    await asyncio.sleep(0.05)

for n in range(10):
    session.task(name=f"t{{n}}", start_cond="every {period} ms", execution="async")(work)
for second in range(60):
    condition = f"minutely after {{second:02d}}"
    session.task(name=f"at{{second:02d}}", start_cond=condition, catch_up="none")(print)
"""


def overlaps(runs: list[Any]) -> list[tuple[str, str]]:
    """Pairs of runs of one task of which the second began before the first had ended."""
    found = []
    for task in {run.task for run in runs}:
        rows = [run.row for run in runs if run.task == task and run.row["started_at"]]
        rows.sort(key=lambda row: row["started_at"])
        for first, second in itertools.pairwise(rows):
            if first["ended_at"] is None or second["started_at"] < first["ended_at"]:
                found.append((first["id"], second["id"]))
    return found


def test_hands_and_the_schedule_start_one_run_at_a_time(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    app = tmp_path / "app.py"
    app.write_text(BY_HAND)
    daemon = start_daemon(str(app))
    accepted, refused = [], []
    barrier = threading.Barrier(HANDS)

    def pull() -> None:
        with Client(daemon.socket) as rt:
            barrier.wait(timeout=20)
            ends = time.monotonic() + 20
            while len(accepted) < WANTED and time.monotonic() < ends:
                try:
                    accepted.append(rt.rpc.trigger(task="busy", params={})["id"])
                except WrongState:
                    refused.append(1)

    hands = [threading.Thread(target=pull) for _ in range(HANDS)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    with client(daemon) as rt:
        daemon.ok("disable", "busy")
        until(lambda: not rt.ls(task="busy", state=["queued", "running"]), what="the last run")
        runs = rt.ls(task="busy", limit=2000)
    assert len(accepted) >= WANTED
    assert refused
    assert {run.id for run in runs} >= set(accepted)
    assert overlaps(runs) == []


def test_a_trigger_that_cannot_be_leaves_nothing_behind(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    app = tmp_path / "app.py"
    app.write_text(BY_HAND)
    daemon = start_daemon(str(app))
    assert "nonsense" in daemon.rtctl("trigger", "idle", "nonsense=1").stderr
    for _ in range(2):
        daemon.ok("wait", daemon.ok("trigger", "idle").strip())


def test_reloads_that_change_conditions_start_nothing_twice_and_lose_nothing(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    app = tmp_path / "app.py"
    app.write_text(RELOADED.format(period=100))
    daemon = start_daemon(str(app))
    with client(daemon) as rt:
        for number in range(12):
            app.write_text(RELOADED.format(period=(110, 100)[number % 2]))
            rt.rpc.reload()
        daemon.ok("disable", "--all")
        until(lambda: not rt.ls(state=["queued", "running"]), what="the last runs")
        runs = rt.ls(limit=5000)
    assert len({run.task for run in runs}) > 10
    assert overlaps(runs) == []
    misses = json.loads(daemon.ok("misses", "-j"))["misses"]
    # On a busy machine a run may still go when the next is due.
    assert [row for row in misses if row["verdict"] != "skipped"] == []
