"""An app with conditions, for tests of the scheduler."""

import os
import time

from rtd import Session, current_run

session = Session(timezone="UTC")


def note(name: str) -> None:
    """A line with the run's id in the file that the test reads."""
    path = os.environ.get("SCHEDULED_LOG")
    if path:
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(fd, f"{name} {current_run().id}\n".encode())
        os.close(fd)


@session.task(start_cond="every 200 ms", enabled=False)
def often() -> None:
    note("often")


@session.task(start_cond="after task 'first'")
def second() -> None:
    note("second")


@session.task()
def first(fail: bool = False) -> None:
    note("first")
    if fail:
        raise ValueError("as asked")


@session.task(start_cond="after task 'first' failed", overlap=True)
def mourner() -> None:
    note("mourner")


@session.task(start_cond="true", enabled=False)
def always() -> None:
    note("always")
    time.sleep(60)


@session.task(start_cond="every 1 hour", enabled=False, retries=2, backoff="1 hour")
def failing() -> None:
    raise ValueError("again")


@session.task(start_cond="daily after 08:00 & after task 'first'", queue="aside", enabled=False)
def aside() -> None:
    note("aside")


@session.task(start_cond="every 1 hour", queue="shelf", enabled=False)
def shelved() -> None:
    note("shelved")


@session.task(end_cond="running past 300 ms")
def endless() -> None:
    time.sleep(60)


@session.task(end_cond="memory above 200 MB | no output past 1 hour")
def greedy() -> None:
    hoard = []
    while True:
        hoard.append(os.urandom(1 << 20))
        time.sleep(0.002)


@session.task(end_cond="memory above 300 MB | running past 2 s")
def family() -> None:
    """Children that share 100 MB with it."""
    shared = bytearray(os.urandom(100 << 20))
    for _ in range(4):
        if os.fork() == 0:
            time.sleep(60)
            os._exit(len(shared) % 2)
    time.sleep(60)


@session.task(end_cond="task 'first' has failed past 1 minute", lane="thread")
def cautious() -> None:
    while not current_run().stopping:
        time.sleep(0.01)
