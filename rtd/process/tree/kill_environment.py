"""Kills the processes that a program has started, however deep, by what they have inherited."""

from contextlib import suppress
from pathlib import Path
from typing import Final

from rtd.common.stdlib.originals import os, signal, time
from rtd.process.tree.pidfd import signal_process
from rtd.process.tree.process_identity import ProcessStat, read_stat

_PAUSE_S: Final = 0.02


def kill_environment(mark: str, limit_s: float) -> None:
    """Kill each process that has a text in its environment or on its command line, until there is
    none, or the time is over. This process is spared."""
    deadline = time.monotonic() + limit_s
    while (left := _find(mark.encode())) and time.monotonic() < deadline:
        for process in left:
            with suppress(PermissionError):
                signal_process(process.pid, process.ticks, signal.SIGKILL)
        time.sleep(_PAUSE_S)


def _find(mark: bytes) -> list[ProcessStat]:
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with suppress(OSError):
            stat = read_stat(int(entry.name))
            words = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
            if stat is not None and stat.alive and mark in words:
                found.append(stat)
    return found
