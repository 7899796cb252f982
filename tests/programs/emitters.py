"""Tasks that emit events."""

import time
from pathlib import Path

import rtd
from rtd import Session

session = Session()


@session.task()
def count(to: int):
    for number in range(to):
        rtd.emit("counted", number)


@session.task(lane="thread")
def pair():
    rtd.emit("first", {"of": 2})
    rtd.emit("second")


@session.task()
def gated(gate: str):
    rtd.emit("waits")
    rtd.progress(1, 2, "half")
    while not Path(gate).exists():
        time.sleep(0.005)


@session.task()
def nothing():
    pass


@session.task(lane="thread")
def wrong():
    raise rtd.Error("it is wrong")


@session.task(lane="thread", retries=1)
def twice():
    if rtd.current_run().attempt == 1:
        raise ValueError("once more")
