"""An app with conditions of its own; what they say is in files of the directory CUSTOM_DIR."""

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

from rtd import Session
from rtd.conditions import FuncCond, TaskCond
from rtd.core import Scheduler

session = Session(config={"cycle_sleep": 0.1})
PLACE = Path(os.environ["CUSTOM_DIR"])


def said(name: str) -> str:
    """Return what a test has written under this name."""
    path = PLACE / name
    return path.read_text() if path.exists() else ""


def note(name: str) -> None:
    """Tell the test."""
    with (PLACE / name).open("a") as file:
        file.write("x")


@FuncCond(syntax="has work")
def has_work() -> bool:
    note("asked")
    if said("work") == "hang":
        time.sleep(60)
    if said("work") == "die":
        os._exit(3)
    return {"yes": True, "no": False, "": False}[said("work")]


@FuncCond(syntax=re.compile(r"folder (?P<folder>\S+) has files"))
def has_files(folder: str) -> bool:
    return any((PLACE / folder).glob("*"))


@TaskCond(syntax=re.compile(r"flag (?P<name>\w+) is up"), start_cond="every 200 ms", cooldown="2 s")
def flag(name: str) -> bool:
    return said(name) == "up"


@session.task(start_cond="has work & time of day after 00:00")
def work() -> None:
    (PLACE / "work").unlink()
    note("worked")


@session.task(start_cond="folder inbox has files & folder inbox has files")
def sort() -> None:
    for path in (PLACE / "inbox").glob("*"):
        path.unlink()


@session.task(start_cond="flag red is up")
def raise_alarm() -> None: ...


@session.task(end_cond="has work", stop_grace="500ms")
def until_work() -> None:
    time.sleep(60)


@Scheduler.hook_cycle
def each_cycle(scheduler: Scheduler) -> Iterator[None]:
    note("before")
    yield
    note("after")
    if said("hook") == "raise":
        raise RuntimeError("the hook is broken")


@Scheduler.hook_shutdown
def at_the_end(scheduler: Scheduler) -> None:
    (PLACE / "cycles").write_text(str(scheduler.n_cycles))
