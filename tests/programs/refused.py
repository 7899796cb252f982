"""A task that starts by its condition again and again, and one that waits for a file."""

import os
import time
from pathlib import Path

from rtd import Session

session = Session(timezone="UTC")


@session.task(start_cond="every 200 ms")
def tick() -> None:
    """Leave a line behind."""
    fd = os.open(os.environ["TICKS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(fd, b"tick\n")
    os.close(fd)


@session.task()
def waiter(gate: str) -> None:
    """Wait for a file."""
    while not Path(gate).exists():
        time.sleep(0.01)


@session.task()
def fill(path: str) -> None:
    """Write until the disk is full, then print."""
    with open(path, "wb") as file:
        while True:
            file.write(b"x" * 65536)


@session.task()
def chatter(mb: int) -> None:
    """Print many megabytes."""
    for _ in range(mb * 16):
        print("y" * 65535)
