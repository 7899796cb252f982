"""A task that takes a step whenever a file says so, and reports it."""

import time
from pathlib import Path

import rtd
from rtd import Session

session = Session()


@session.task()
def steps(folder: str, count: int):
    for number in range(1, count + 1):
        while not (Path(folder) / str(number)).exists():
            time.sleep(0.005)
        rtd.emit("stepped", {"number": number})
        rtd.progress(number, count + 1, f"step {number}")
    if (Path(folder) / "fail").exists():
        raise rtd.Error("no ink")
    return {"steps": count}
