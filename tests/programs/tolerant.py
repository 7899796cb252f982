"""An app whose own code fails wherever it can; its session's configuration comes from outside."""

import json
import logging
import os
from pathlib import Path
from typing import Any

from rtd import Session
from rtd.conditions import FuncCond
from rtd.core import Scheduler, Task
from rtd.parameters import FuncParam
from rtd.tasks import FuncTask
from rtd.tasks.loaders import PyLoader

HOME = Path(os.environ["TOLERANT_HOME"])

session = Session(config=json.loads(os.environ.get("TOLERANT_CONFIG", "{}")))
PyLoader(path=HOME / "files", glob="*.py")


class Handler(logging.Handler):
    def handle(self, record: logging.LogRecord) -> bool:
        raise OSError("no room for the log")


if os.environ.get("TOLERANT_LOG"):
    logging.getLogger("rtd.task").addHandler(Handler())


def tick(name: str) -> None:
    """Something that the test can count."""
    with (HOME / name).open("a") as file:
        file.write(".")


@FuncTask(start_cond="every 100 ms", execution="thread")
def beat() -> None:
    tick("beats")


@Scheduler.hook_cycle
def count_cycle(scheduler: Any) -> None:
    tick("cycles")


@Task.hook_execute
def hook(task: Task) -> None:
    if task.name == "hooked":
        raise KeyError("a hook")


@FuncTask()
def hooked() -> str:
    return "fine"


@FuncParam()
def weather() -> str:
    raise ConnectionError("no weather")


@FuncTask()
def given(weather: str) -> str:
    return weather


FuncTask(path=HOME / "not_there.py", name="filed")


@FuncCond(syntax="is broken")
def is_broken() -> bool:
    raise ZeroDivisionError("a condition")


@FuncTask(start_cond="is broken", disabled=bool(os.environ.get("TOLERANT_COND") != "yes"))
def conditioned() -> None:
    tick("conditioned")
