"""Tells a process from a later one with the same pid.

A pid is reused after some thirty thousand forks, which a machine that forks for each run
reaches in two minutes. The kernel's start time of a process (clock ticks since boot) and
the id of the boot are different for the two; a pid with its start ticks is an identity.
"""

from functools import lru_cache
from typing import NamedTuple

from rtd.common.stdlib.hashes import blake2b
from rtd.common.stdlib.originals import os

__all__ = ["ProcessStat", "boot_hash", "machine_id", "read_stat", "same_process", "start_ticks"]

_BOOT_ID = "/proc/sys/kernel/random/boot_id"


class ProcessStat(NamedTuple):
    """The few fields of `/proc/PID/stat` that rtd needs."""

    pid: int
    name: str
    state: str
    parent: int
    group: int
    session: int
    ticks: int

    @property
    def alive(self) -> bool:
        """False for a zombie: it has ended and waits for its parent to take its status."""
        return self.state not in "ZX"


def read_stat(pid: int) -> ProcessStat | None:
    """Return the state of a process now; None when there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", "rb", buffering=0) as file:
            blob = file.read(1024)
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name may hold spaces and parentheses: it ends at the last closing one.
    head, _, tail = blob.rpartition(b")")
    if not head:
        return None
    name = head[head.index(b"(") + 1 :].decode(errors="replace")
    fields = tail.split()
    return ProcessStat(
        pid=pid,
        name=name,
        state=fields[0].decode(),
        parent=int(fields[1]),
        group=int(fields[2]),
        session=int(fields[3]),
        ticks=int(fields[19]),
    )


def start_ticks(pid: int) -> int | None:
    """Return when `pid` started, in clock ticks since boot; None when there is no such process."""
    stat = read_stat(pid)
    return None if stat is None else stat.ticks


def same_process(pid: int, ticks: int) -> bool:
    """Return whether the process that had `pid` and started at `ticks` is alive.

    False for a zombie, for a pid that is gone and for one that another process has now.
    Only of this boot: compare `boot_hash` first when `ticks` was read from a file.
    """
    stat = read_stat(pid)
    return stat is not None and stat.ticks == ticks and stat.alive


@lru_cache(maxsize=1)
def boot_hash() -> int:
    """Return 64 bits that differ from boot to boot (and between containers' hosts)."""
    with open(_BOOT_ID, "rb") as file:
        return int.from_bytes(blake2b(file.read().strip(), digest_size=8).digest(), "little")


def machine_id() -> str:
    """Return an id of this boot and pid namespace: equal for processes that see each other."""
    return f"{boot_hash():x}-{os.stat('/proc/self/ns/pid').st_ino:x}"
