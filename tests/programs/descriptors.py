"""Tasks that need descriptors, in lanes where many runs share a process."""

import asyncio
import os
import resource
import socket
import time
from pathlib import Path

from rtd import Session

session = Session()
_met: list[int] = []
_all_met = asyncio.Event()


@session.task(lane="async")
async def meets(number: int, count: int) -> int:
    """Hold a socket until so many runs do, and print in every other of them."""
    with socket.socket() as held:
        _met.append(number)
        if number % 2:
            print("run", number)
        if len(_met) == count:
            _all_met.set()
        await _all_met.wait()
        return int(held.fileno() >= 0)


@session.task(lane="async")
async def says(text: str) -> int:
    print(text)
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


@session.task(lane="async")
async def says_without_descriptors() -> None:
    """Print while no descriptor is left, and after it."""
    held: list[int] = []
    try:
        while True:
            held.append(os.dup(0))
    except OSError:
        print("lost")
    for fd in held:
        os.close(fd)
    print("kept")


@session.task(lane="thread")
def thread(gate: str) -> None:
    _say_behind(gate)


@session.task()
def process(gate: str) -> None:
    _say_behind(gate)


def _say_behind(gate: str) -> None:
    while not Path(gate).exists():
        time.sleep(0.01)
    print("first")
    while not Path(f"{gate}.end").exists():
        time.sleep(0.01)
    print("last")


@session.task(lane="thread")
def forks() -> None:
    """Let a child print, and nobody else."""
    pid = os.fork()
    if not pid:
        print("the child", flush=True)
        os._exit(0)
    os.waitpid(pid, 0)


@session.task()
def waits(gate: str) -> None:
    while not Path(gate).exists():
        time.sleep(0.01)


@session.task()
def naps() -> None:
    time.sleep(0.5)
