"""An app whose runs have their records overwritten, for tests of what cannot be read."""

import os
import time
from pathlib import Path

from rtd import Session

session = Session(timezone="UTC")


@session.task(start_cond="every 200 ms")
def beat() -> None:
    pass


@session.task()
def quick() -> str:
    return "done"


@session.task(start_cond="every 300 ms", queue="shelf", enabled=False)
def shelved() -> None:
    pass


@session.task(start_cond="after task 'quick' succeeded", overlap=True)
def follower() -> None:
    pass


@session.task(start_cond="every 300 ms & task 'quick' has succeeded today between 00:00 and 23:59")
def windowed() -> None:
    pass


@session.task(start_cond="every 300 ms")
def scheduled_long() -> None:
    wait_for_end()


@session.task(end_cond="running past 1 hour")
def watched() -> None:
    wait_for_end()


@session.task(lane="thread")
def threaded() -> str:
    return "done"


def wait_for_end() -> None:
    """Return when the test has made the file."""
    while not Path(os.environ["RECORDS_END"]).exists():
        time.sleep(0.02)
