"""Finds every process that a test brought about, however it was started, and ends them."""

import contextlib
import os
import signal
from pathlib import Path
from typing import NamedTuple

from tests.helpers.deadline import until

#: The variable by which the children of a test are known. They all inherit it.
MARK = "TEST_OF_RTD_MARK"


class MarkedProcess(NamedTuple):
    """A living process."""

    pid: int
    title: str


def find_marked(mark: str) -> list[MarkedProcess]:
    """The living processes that have `mark` in their environment or on their command line.

    A zombie is dead: it is left out.
    """
    wanted = mark.encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            if wanted in (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes():
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                if state != "Z":
                    title = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
                    found.append(MarkedProcess(int(entry.name), title))
    return found


def kill_marked(mark: str, *, within_s: float = 10.0) -> list[MarkedProcess]:
    """Kill everything that is marked, until nothing is left. Returns what was found at first."""
    first = find_marked(mark)

    def none_left() -> bool:
        for process in find_marked(mark):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        return not find_marked(mark)

    until(none_left, within_s=within_s, what=f"the end of all processes with {mark}")
    return first
