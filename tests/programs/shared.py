"""The app of two nodes that share one Redis: each run tells which of them carried it out."""

import os
import time
from pathlib import Path

from rtd import Session
from rtd.core import Scheduler

session = Session()
NODE = os.environ["SHARED_NODE"]
HOOKS = Path(os.environ.get("SHARED_HOOKS", "/dev/null"))


@Scheduler.hook_startup
def at_startup(_scheduler: object) -> None:
    with HOOKS.open("a") as file:
        file.write(f"{NODE}\n")


@session.task()
def hold(gate: str) -> str:
    print("held on", NODE, flush=True)
    while not Path(gate).exists():
        time.sleep(0.01)
    return NODE


@session.task()
def where() -> str:
    return NODE


@session.task(start_cond="after task 'where'")
def follows() -> str:
    return NODE


@session.task(start_cond="every 50 ms")
def beat() -> None: ...


@session.task(start_cond="every 1 hour", enabled=False)
def lasting(gate: str = "/dev/null") -> str:
    return hold(gate)
