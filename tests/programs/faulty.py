"""Code of the app's that fails where nothing may stop for it, in every lane."""

import os
import time
from pathlib import Path
from typing import Any

from rtd import Session
from rtd.session.context.run_context import report_fault

session = Session()


def _report(what: str, halts: bool) -> str:
    report_fault("hook", what, ValueError("it does not work \udcff"), halts=halts)
    return "done"


@session.task
def in_process(what: str, halts: bool = False) -> str:
    return _report(what, halts)


@session.task(fresh=True)
def in_fork(what: str, halts: bool = False) -> str:
    return _report(what, halts)


@session.task(lane="main")
def in_main(what: str, halts: bool = False) -> str:
    return _report(what, halts)


@session.task(lane="thread")
def in_thread(what: str, halts: bool = False) -> str:
    return _report(what, halts)


@session.task
async def in_loop(what: str, halts: bool = False) -> Any:
    return _report(what, halts)


def _after_gate(gate: str, what: str) -> str:
    Path(gate).with_suffix(f".{what}").touch()
    while not Path(gate).exists():
        time.sleep(0.01)
    return _report(what, halts=False)


@session.task
def gated_process(gate: str) -> str:
    return _after_gate(gate, "process")


@session.task(lane="thread")
def gated_thread(gate: str) -> str:
    return _after_gate(gate, "thread")


@session.task(fresh=True)
def gated_fork(gate: str) -> str:
    return _after_gate(gate, "fork")


@session.task(start_cond="every 50 ms", lane="thread")
def beat() -> None:
    with Path(os.environ.get("BEATS", "/dev/null")).open("a") as file:
        file.write(".")


report_fault("loader", "tasks/broken.py", "SyntaxError: invalid syntax (tasks/broken.py, line 3)")
