"""Tasks and hooks around the daemon's start and end; each notes its turn in a file."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rtd import Session
from rtd.core import Scheduler

session = Session()
BOOK = Path(os.environ.get("BOOK", "/dev/null"))


def note(line: str) -> None:
    with BOOK.open("a") as file:
        file.write(f"{line}\n")


@Scheduler.hook_startup
def around_startup(_scheduler: Any) -> Iterator[None]:
    note("hook before startup")
    yield
    note("hook after startup")


@Scheduler.hook_shutdown
def around_shutdown(_scheduler: Any) -> Iterator[None]:
    note("hook before shutdown")
    yield
    note("hook after shutdown")


@session.task(on_startup=True, priority=5, lane="main")
def first() -> None:
    note("first")


@session.task(on_startup=True, lane="main")
def second() -> None:
    gate = Path(os.environ.get("GATE", "/"))
    while not gate.exists():
        time.sleep(0.01)
    note("second")


@session.task(on_startup=True, start_cond="false")
def never() -> None:
    note("never")


@session.task(start_cond="after task 'second'")
def follows() -> None:
    note("follows")


@session.task(start_cond="every 100 ms")
def often() -> None:
    note("often")


@session.task(force_run=True, enabled=False)
def forced() -> None:
    note("forced")


@session.task(on_shutdown=True)
def last() -> str:
    note("last")
    return "done"


@session.task(on_shutdown=True, fresh=True)
def last_in_fork() -> None:
    note("last in fork")


@session.task(on_shutdown=True, lane="thread", start_cond="after task 'first' succeeded")
def last_in_thread() -> None:
    note("last in thread")


@session.task(on_shutdown=True)
def stays() -> None:
    note("stays")
    time.sleep(float(os.environ.get("STAYS", "0")))
    note("stayed")


@session.task(on_shutdown=True)
def behind() -> None:
    note("behind")
