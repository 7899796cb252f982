"""The zygotes that live: their records, and the file by which the next supervisor finds them."""

import asyncio
import contextlib
import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rtd.model.manifest import Manifest
from rtd.process.board.board import RANGE_SLOTS, SLOTS
from rtd.process.tree.pidfd import open_pidfd
from rtd.process.tree.process_identity import boot_hash, same_process
from rtd.process.tree.terminate import signal_name
from rtd.supervisor.core.jobs import ChangeSignal
from rtd.supervisor.core.log import log
from rtd.supervisor.pools.zygote_connection import ZygoteConnection

_FILE: Final = "zygotes.json"


@dataclass(slots=True, eq=False)
class ZygoteRecord:
    """One generation: a process that has imported the app and forks executors.

    Attributes:
        generation: its number, ascending over the life of the runtime directory.
        lo, hi: its slots on the board, [lo, hi).
        started_at: epoch seconds; 0 of a zygote that an older rtd has noted.
        process: only of a zygote that this supervisor has started.
        greeted: set once it has said hello, or has ended.
        retiring: it forks nothing more, and must quit when its executors are gone.
    """

    generation: int
    app: str | None
    lo: int
    hi: int
    pid: int = 0
    ticks: int = 0
    process: "subprocess.Popen[bytes] | None" = None
    connection: ZygoteConnection | None = None
    manifest: Manifest | None = None
    error: str | None = None
    greeted: asyncio.Event = field(default_factory=asyncio.Event)
    retiring: bool = False
    started_at: float = 0.0

    @property
    def alive(self) -> bool:
        """Whether the process exists."""
        if self.process is not None:
            return self.process.poll() is None
        return self.pid > 0 and same_process(self.pid, self.ticks)

    def describe_early_exit(self) -> str:
        """Return a sentence: how the zygote ended before it was ready."""
        code = None if self.process is None else self.process.poll()
        how = "how is not known" if code is None else f"exit code {code}"
        if code is not None and code < 0:
            how = f"killed by {signal_name(-code)}"
        if self.app is None:
            return f"the zygote ended before it was ready: {how}"
        return f"app {self.app} ended its process while it was imported: {how}"

    def to_dict(self) -> dict[str, Any]:
        """Return the fields that stand in the registry file."""
        return {
            "generation": self.generation,
            "app": self.app,
            "lo": self.lo,
            "hi": self.hi,
            "pid": self.pid,
            "ticks": self.ticks,
            "started_at": self.started_at,
        }


class ZygoteRegistry:
    """All generations that live, the oldest first.

    Args:
        runtime_dir: has the file with their records.

    Attributes:
        current: the zygote that new executors are forked from.
        exits: changes whenever a zygote has ended.
    """

    def __init__(self, runtime_dir: Path) -> None:
        self._file = runtime_dir / _FILE
        self._on_zygote_exit: Callable[[ZygoteRecord], None] | None = None
        self._all: list[ZygoteRecord] = []
        self._next_generation = 1
        self._pidfds: dict[int, int] = {}
        self.exits = ChangeSignal()
        self.current: ZygoteRecord | None = None

    def load(self, on_zygote_exit: Callable[[ZygoteRecord], None]) -> None:
        """Take over the zygotes of an earlier supervisor that still live.

        Args:
            on_zygote_exit: called with each zygote that has ended, once it is removed.
        """
        self._on_zygote_exit = on_zygote_exit
        self._all, highest = _read(self._file)
        self._next_generation = highest + 1
        for zygote in self._all:
            self.watch_exit(zygote)

    @property
    def living(self) -> list[ZygoteRecord]:
        """All zygotes that are known, the oldest first."""
        return list(self._all)

    def __contains__(self, zygote: ZygoteRecord) -> bool:
        return zygote in self._all

    def of_generation(self, generation: int) -> ZygoteRecord | None:
        """Return the living zygote of that number, or None."""
        return next((z for z in self._all if z.generation == generation), None)

    def free_range(self) -> tuple[int, int] | None:
        """Return slots of the board for one more, or None: all ranges are taken."""
        taken = {z.lo // RANGE_SLOTS for z in self._all}  # one of 0.1.0 has a part of a range
        ranges = ((lo, lo + RANGE_SLOTS) for lo in range(0, SLOTS, RANGE_SLOTS))
        return next((found for found in ranges if found[0] // RANGE_SLOTS not in taken), None)

    @property
    def file(self) -> Path:
        """The file."""
        return self._file

    def new_number(self) -> int:
        """Return the number of the next generation; each is given once."""
        self._next_generation += 1
        return self._next_generation - 1

    def add(self, zygote: ZygoteRecord) -> None:
        """Add one more."""
        self._all.append(zygote)
        self._next_generation = max(self._next_generation, zygote.generation + 1)

    def save(self) -> None:
        """Write the file, in one step. On a full disk the older one stays: then the next daemon
        ends zygotes that it does not know."""
        data = {"boot": boot_hash(), "zygotes": [z.to_dict() for z in self._all]}
        temporary = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        try:
            temporary.write_text(json.dumps(data))
            temporary.rename(self._file)
        except OSError as error:
            log.error("%s cannot be written: %s", self._file, error.strerror)

    def watch_exit(self, zygote: ZygoteRecord) -> None:
        """Have the kernel report the end of a zygote's process."""
        if zygote.pid in self._pidfds:
            return
        fd = open_pidfd(zygote.pid, zygote.ticks)
        if fd is None:
            asyncio.get_running_loop().call_soon(self._on_exit, zygote)
            return
        self._pidfds[zygote.pid] = fd
        asyncio.get_running_loop().add_reader(fd, self._on_exit, zygote)

    def _on_exit(self, zygote: ZygoteRecord) -> None:
        fd = self._pidfds.pop(zygote.pid, None)
        if fd is not None:
            asyncio.get_running_loop().remove_reader(fd)
            os.close(fd)
        if zygote not in self._all:
            return
        if zygote.process is not None:
            zygote.process.wait()
        self._all.remove(zygote)
        self.exits.notify()
        if self.current is zygote:
            self.current = None
        self.save()
        zygote.greeted.set()
        if self._on_zygote_exit is not None:
            self._on_zygote_exit(zygote)

    def close(self, keep: bool) -> None:
        """Watch no more. With `keep` the file stays for the next supervisor."""
        for fd in self._pidfds.values():
            asyncio.get_running_loop().remove_reader(fd)
            os.close(fd)
        self._pidfds.clear()
        if not keep:
            self._file.unlink(missing_ok=True)


def living_zygotes(runtime_dir: Path) -> list[ZygoteRecord]:
    """Return the zygotes that live, as the file of a daemon that has ended names them."""
    return _read(runtime_dir / _FILE)[0]


def _read(path: Path) -> tuple[list[ZygoteRecord], int]:
    """Return the zygotes in a registry file that still live, and the highest generation in it.

    A file of another boot, or one that cannot be read, counts as empty.
    """
    try:
        data = json.loads(path.read_text())
        noted = [ZygoteRecord(**fields) for fields in data["zygotes"]]
        if data["boot"] != boot_hash():
            return [], 0
    except FileNotFoundError:
        return [], 0
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("%s cannot be used (%s): earlier zygotes are not known", path, error)
        with contextlib.suppress(OSError):
            path.unlink()
        return [], 0
    highest = max((z.generation for z in noted), default=0)
    return [z for z in noted if z.alive], highest
