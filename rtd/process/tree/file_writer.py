"""Finds the process that writes to files of a directory: the kernel knows who has them open."""

import contextlib
from pathlib import Path
from typing import Final

from rtd.common.stdlib.originals import os, time
from rtd.process.events.signals import SIGKILL, SIGTERM
from rtd.process.tree.pidfd import signal_process
from rtd.process.tree.process_identity import ProcessStat, read_stat

__all__ = ["end_writer", "find_writer"]

_POLL_S: Final = 0.01
_ACCESS: Final = os.O_WRONLY | os.O_RDWR


def find_writer(directory: Path, prefix: str) -> ProcessStat | None:
    """Return a process that works in a directory and has files there open for writing.

    Args:
        directory: the working directory of the process; this rules others out quickly.
        prefix: what the path of such a file begins with, from the directory on.
    """
    try:
        home = os.stat(directory)
    except OSError:
        return None
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            with contextlib.suppress(OSError):  # it has ended, or belongs to another user
                writer = read_stat(int(name))  # first: another process can get the pid meanwhile
                at = os.stat(f"/proc/{name}/cwd")
                if os.path.samestat(at, home) and _writes(name, f"{directory.resolve()}/{prefix}"):
                    return writer
    return None


def _writes(pid: str, prefix: str) -> bool:
    return any(
        os.readlink(f"/proc/{pid}/fd/{fd}").startswith(prefix) and _is_open_for_writing(pid, fd)
        for fd in os.listdir(f"/proc/{pid}/fd")
    )


def _is_open_for_writing(pid: str, fd: str) -> bool:
    facts = Path(f"/proc/{pid}/fdinfo/{fd}").read_text().splitlines()
    flags = next(line.split()[1] for line in facts if line.startswith("flags:"))
    return int(flags, 8) & _ACCESS != 0


def end_writer(writer: ProcessStat, timeout_s: float) -> bool:
    """End exactly that process by SIGTERM, and by SIGKILL after half of the time.

    Returns whether it ended.
    """
    start, number = time.monotonic(), SIGTERM
    while signal_process(writer.pid, writer.ticks, number):
        passed_s = time.monotonic() - start
        if passed_s > timeout_s:
            return False
        number = SIGKILL if passed_s > timeout_s / 2 else SIGTERM
        time.sleep(_POLL_S)
    return True
