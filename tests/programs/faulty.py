"""Code of the app's that fails where nothing may stop for it, in every lane."""

import os
from pathlib import Path
from typing import Any

from rtd import Session
from rtd.session.context import report_fault

session = Session()


def _report(what: str, halts: bool) -> str:
    report_fault("hook", what, ValueError("it does not work"), halts=halts)
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


@session.task(start_cond="every 50 ms", lane="thread")
def beat() -> None:
    with Path(os.environ.get("BEATS", "/dev/null")).open("a") as file:
        file.write(".")


report_fault("loader", "tasks/broken.py", "SyntaxError: invalid syntax (tasks/broken.py, line 3)")
