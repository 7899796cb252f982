"""An app for the tests of the supervisor: tasks that die, hang, grow and do not listen."""

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from rtd import Session, current_run

session = Session()
HERE = Path(__file__).parent


@session.task()
def add(a: int, b: int = 0) -> int:
    """Be over at once."""
    return a + b


@session.task(max_concurrency=2)
def pair(a: int) -> int:
    """At most two at once."""
    return a


@session.task()
def note(file: str, word: str = "x") -> int:
    """Say in a file that it has run; gives its executor's pid."""
    with Path(file).open("a") as log:
        log.write(f"{word}\n")
    return os.getpid()


@session.task()
def sleep(seconds: float) -> int:
    """Sleep, and say who it was."""
    print("asleep", flush=True)
    time.sleep(seconds)
    return os.getpid()


@session.task(on_lost="requeue")
def survivor(gate: str) -> int:
    """Wait for a file; start again when the executor dies."""
    while not Path(gate).exists():
        time.sleep(0.01)
    return current_run().attempt


@session.task()
def waiter(gate: str) -> str:
    """Wait for a file."""
    print("waiting", flush=True)
    while not Path(gate).exists():
        time.sleep(0.01)
    return "open"


@session.task()
def signalled(number: int) -> None:
    """Die by a signal."""
    print("last words", flush=True)
    os.kill(os.getpid(), number)
    time.sleep(60)


@session.task(on_lost="requeue")
def always_dying() -> None:
    """Die each time."""
    os._exit(7)


@session.task()
def deaf(family: bool = False) -> None:
    """Ignore every request to end, with or without a large deaf family."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if family:
        subprocess.Popen(
            [sys.executable, "-m", "tests.programs.forker", "family"], cwd=HERE.parent.parent
        )
    print("deaf", flush=True)
    while True:
        try:
            time.sleep(60)
        except BaseException:  # a deaf task swallows even this
            continue


@session.task()
def grow(megabytes: int) -> int:
    """Take memory and keep it for a while."""
    kept = []
    for _ in range(megabytes):
        kept.append(bytearray(1 << 20))
        time.sleep(0.005)
    time.sleep(30)
    return len(kept)


@session.task()
def burn() -> None:
    """Use the processor for ever."""
    while True:
        pass


@session.task(lane="thread", stop_grace="0.3s")
def stubborn_thread() -> None:
    """Hold a thread inside C, where no exception can be raised."""
    print("in C", flush=True)
    ctypes.PyDLL(None).usleep(1)  # once with the lock held, so that it is loaded
    ctypes.CDLL(None).sleep(600)


@session.task(lane="thread")
def thread_waiter(gate: str) -> int:
    """Wait for a file in a thread; gives the executor's pid."""
    while not Path(gate).exists():
        time.sleep(0.01)
    return os.getpid()


@session.task(lane="thread")
def polite_thread() -> None:
    """Run Python code in a thread for ever."""
    while True:
        time.sleep(0.01)


@session.task(stop_grace="0.3s")
async def stubborn_coroutine() -> None:
    """Block the loop."""
    print("blocking", flush=True)
    await asyncio.sleep(0)
    ctypes.CDLL(None).sleep(600)


@session.task
async def polite_coroutine() -> None:
    """Wait for ever, and let itself be cancelled."""
    await asyncio.sleep(600)


@session.task(fresh=True)
def fresh() -> int:
    """In a process of its own."""
    return os.getpid()


@session.task(lane="main")
def main() -> int:
    """In the main lane."""
    return os.getpid()


@session.task(retries=3, backoff="0.05s")
def third(counter: str) -> int:
    """Fail twice."""
    with Path(counter).open("a") as file:
        file.write("x")
    if len(Path(counter).read_text()) < 3:
        raise ValueError("not yet")
    return current_run().attempt
