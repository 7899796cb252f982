"""A run that computes holds up all runs of its event loop: what its end costs them."""

from pathlib import Path

import pytest

from tests.helpers.daemon import DaemonMaker
from tests.helpers.needs_gevent import GREENLET
from tests.helpers.running import client, executors, note_of, until_output, until_running

APP = """
import asyncio, time
from rtd import Session
session = Session()

@session.task(lane="async")
async def async_computes():
    print("computing", flush=True)
    while True:
        pass

@session.task(lane="async")
async def async_waits():
    print("waiting", flush=True)
    await asyncio.sleep(1000)

@session.task(lane="async")
async def async_swallows():
    print("waiting", flush=True)
    while True:
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            print("swallowed", flush=True)

@session.task(lane="async", on_lost="requeue")
async def async_again():
    await async_waits()

@session.task(lane="async")
async def async_brief():
    return "done"
"""
GREENLETS = """

def waits():
    print("waiting", flush=True)
    time.sleep(1000)

@session.task(lane="greenlet")
def greenlet_computes():
    print("computing", flush=True)
    while True:
        pass

greenlet_waits = session.task(lane="greenlet", name="greenlet_waits")(waits)
greenlet_again = session.task(lane="greenlet", name="greenlet_again", on_lost="requeue")(waits)

@session.task(lane="greenlet")
def greenlet_brief():
    return "done"
"""


@pytest.mark.parametrize("lane", ["async", GREENLET])
def test_a_run_that_computes_is_ended_and_the_others_say_why(
    start_daemon: DaemonMaker, tmp_path: Path, lane: str
) -> None:
    (tmp_path / "held.py").write_text(APP + (GREENLETS if lane == "greenlet" else ""))
    daemon = start_daemon("held:session", ["--set", "stop_grace=500ms"], tmp_path)
    with client(daemon) as rt:
        waiting, again = rt.submit(f"{lane}_waits"), rt.submit(f"{lane}_again")
        for run in (waiting, again):
            until_output(run, "waiting")
        busy = rt.submit(f"{lane}_computes")
        until_output(busy, "computing")
        (before,) = executors(rt, lane)
        busy.kill()
        assert busy.wait(timeout=20).state == "terminated"
        assert "did not end within its grace" in note_of(rt, busy)
        assert waiting.wait(timeout=20).state == "lost"
        note = note_of(rt, waiting)
        assert f"pid {before['pid']}) was ended with 2 other runs in it" in note
        assert f"run {busy.id} held up all others and did not stop" in note
        assert "held up all others" in waiting.refresh().row["why"]
        until_running(again)
        assert again.refresh().row["attempt"] == 2
        assert rt.submit(f"{lane}_brief").result(timeout=20) == "done"
        again.kill()


def test_a_run_that_swallows_its_stop_costs_no_other_run(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    (tmp_path / "held.py").write_text(APP.replace("sleep(1000)", "sleep(6)", 1))
    daemon = start_daemon("held:session", ["--set", "stop_grace=200ms"], tmp_path)
    with client(daemon) as rt:
        waiting, stubborn = rt.submit("async_waits"), rt.submit("async_swallows")
        for run in (waiting, stubborn):
            until_output(run, "waiting")
        stubborn.kill()
        assert stubborn.wait(timeout=20).state == "terminated"
        assert waiting.refresh().state == "succeeded", "its loop went on"
