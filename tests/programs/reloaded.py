"""Tasks that stay until a file is there, or until they are stopped; one for each lane."""

import asyncio
import os
import signal
import time
from pathlib import Path
from typing import Any

from rtd import Session, Stopped, Task, current_run


class Book:
    """Middleware that notes how attempts have ended."""

    def process_outcome(self, task: Any, *_exc_info: Any) -> None:
        with Path(os.environ["BOOK"]).open("a") as file:
            file.write(f"{task.kwargs['value']} {task.state} {task.attempt}\n")


session = Session(middleware=[Book] if "BOOK" in os.environ else [])


def stay(value: str, gate: str) -> str:
    """Say that it is there, wait for the file, and return the value."""
    print(f"attempt {current_run().attempt} has {value}", flush=True)
    while not Path(gate).exists():
        time.sleep(0.005)
    return f"{value} of attempt {current_run().attempt}"


session.task(name="process", max_concurrency=1)(stay)
session.task(name="fresh", fresh=True)(stay)
session.task(name="thread", lane="thread")(stay)
session.task(name="main", lane="main")(stay)


@session.task()
async def coroutine(value: str, gate: str) -> str:
    """As `stay`."""
    print(f"attempt {current_run().attempt} has {value}", flush=True)
    while not Path(gate).exists():
        await asyncio.sleep(0.005)
    return f"{value} of attempt {current_run().attempt}"


@session.task(name="class")
class Service(Task):
    """As `stay`, with a stop of its own."""

    def __init__(self, value: str, gate: str) -> None:
        self.value = value
        self.gate = Path(gate)
        self.stopped = False

    def start(self) -> str:
        print(f"attempt {current_run().attempt} has {self.value}", flush=True)
        while not (self.stopped or self.gate.exists()):
            time.sleep(0.005)
        return f"{self.value} of attempt {current_run().attempt}"

    def stop(self) -> None:
        print(f"asked to stop with {self.value}", flush=True)
        self.stopped = True


@session.task(stop_grace=0.2)
def deaf(value: str, gate: str) -> str:
    """As `stay`, but it does not stop."""
    while True:
        try:
            return stay(value, gate)
        except Stopped:
            print("no", flush=True)


@session.task(lane="thread", stop_grace=0.2)
def blocked(value: str, gate: str) -> str:
    """Stay where a thread cannot be interrupted; with another value return that."""
    print(f"attempt {current_run().attempt} has {value}", flush=True)
    if value == "old":
        time.sleep(1000)
    return value


@session.task(stop_grace=60)
def slow(value: str, gate: str, go: str) -> str:
    """As `stay`, but it stops only when another file is there."""
    try:
        return stay(value, gate)
    except Stopped:
        print("asked to stop", flush=True)
        while not Path(go).exists():
            time.sleep(0.005)
        raise


@session.task(retries=1, backoff=0.01)
def fails(value: str, gate: str) -> None:
    """As `stay`, but it fails in the end."""
    raise ValueError(stay(value, gate))


@session.task(name="dies", on_lost="fail")
def dies(value: str, gate: str) -> None:
    """Kill the process that carries it out, once the file is there."""
    stay(value, gate)
    os.kill(os.getpid(), signal.SIGKILL)
