"""An app that writes the environment of each of its parts into a file of the directory SEEN_DIR."""

import os
from pathlib import Path

from rtd import Session
from rtd.conditions import FuncCond
from rtd.core import Scheduler, Task
from rtd.tasks import CommandTask

session = Session(config={"cycle_sleep": 0.1})
PLACE = Path(os.environ["SEEN_DIR"])


def tell(part: str) -> None:
    """Write what this process has, and what the kernel shows of it."""
    kernel = Path("/proc/self/environ").read_text().replace("\0", "\n")
    mine = "\n".join(f"{name}={value}" for name, value in os.environ.items())
    temporary = PLACE / f".{part}"
    temporary.write_text(f"{mine}\n{kernel}")
    temporary.rename(PLACE / part)


tell("import")


@Scheduler.hook_startup
def at_startup(scheduler: object) -> None:
    tell("startup")


@Task.hook_execute
def around(task: Task) -> None:
    tell("hook")


@FuncCond(syntax="is asked")
def is_asked() -> bool:
    tell("condition")
    return False


@session.task(start_cond="is asked")
def never() -> None: ...


@session.task(execution="process")
def in_process() -> None:
    tell("process")


@session.task(execution="thread")
def in_thread() -> None:
    tell("thread")


@session.task(execution="process", fresh=True)
def in_fresh() -> None:
    tell("fresh")


@session.task()
def with_client() -> str:
    from rtctl import Client

    with Client() as rt:
        return str(rt.ping()["pid"])


CommandTask(["cat", "/proc/self/environ"], name="declared", session=session)
CommandTask(
    ["cat", "/proc/self/environ"], name="of_nobody", user="nobody", env={"GIVEN": "1"},
    session=session,
)  # fmt: skip
