"""An app for the tests of rtctl: tasks with one habit each."""

import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

from rtd import Error, Session, progress

session = Session()


@session.task()
def add(a: int, b: int = 0) -> int:
    """Add two numbers."""
    return a + b


@session.task()
def echo(value: Any) -> Any:
    """Give back what came."""
    return value


@session.task()
def unended() -> int:
    """Write a line without an end."""
    print("no end", end="")
    return 42


@session.task()
def speak(lines: int = 1) -> None:
    """Write to both streams."""
    for number in range(lines):
        print(f"out {number}", flush=True)
        print(f"err {number}", file=sys.stderr, flush=True)


@session.task()
def count(lines: int) -> None:
    """Write so many short lines, one by one."""
    for number in range(lines):
        print(number)


@session.task(max_concurrency=1)
def single() -> None:
    """One at a time."""


@session.task(lane="thread")
def hold(gate: str) -> str:
    """Stay until the file is there."""
    print("holding", flush=True)
    progress(1, 4, "waiting for the gate")
    while not Path(gate).exists():
        time.sleep(0.01)
    print("released", flush=True)
    return "released"


@session.task(lane="main")
def hold_main(gate: str) -> None:
    """Stay in the only executor of lane `main` until the file is there."""
    while not Path(gate).exists():
        time.sleep(0.01)


@session.task(lane="main")
def main_add(a: int) -> int:
    """Add one, in lane `main`."""
    return a + 1


@session.task()
def refuse(why: str) -> None:
    """Fail as it was to be expected."""
    raise Error(why)


@session.task()
def crash() -> None:
    """Fail by accident."""
    raise ValueError("no such luck")


@session.task(retries=2, backoff=0.01)
def third(counter: str) -> str:
    """Fail twice, then succeed."""
    with Path(counter).open("a") as file:
        file.write("x")
    if len(Path(counter).read_text()) < 3:
        raise RuntimeError("not yet")
    return "at last"


@session.task()
def nap(seconds: float) -> None:
    """Sleep."""
    print("asleep", flush=True)
    time.sleep(seconds)


@session.task()
def family() -> None:
    """Have a child, and stay."""
    child = subprocess.Popen(["sleep", "600"])
    print(child.pid, flush=True)
    time.sleep(600)


@session.task()
def large(size: int) -> bytes:
    """Return so many bytes."""
    return b"x" * size


@session.task()
def unstorable() -> Any:
    """Return what cannot be stored."""
    return {"items": [1, object()]}


@session.task()
def tomorrow(day: date) -> date:
    """Dates go in and come out."""
    return date.fromordinal(day.toordinal() + 1)


@session.task()
def shout() -> None:
    """Let a child write past Python, and stay."""
    subprocess.run(["sh", "-c", "echo raw; exec sleep 600"], check=False)
