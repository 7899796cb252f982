"""Who lives: the zygotes that are known, noted on file, and watched for their end."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from rtd.process.tree.pidfd import open_pidfd
from rtd.supervisor.pools.generation_records import (
    ZygoteRecord,
    free_range,
    read_registry,
    registry_file,
    write_registry,
)


class ZygoteRegistry:
    """All generations that live, the oldest first.

    Args:
        runtime_dir: where they are noted for the next supervisor.
        on_dead: called with each whose process has ended, once it is off the roll.
    """

    def __init__(self, runtime_dir: Path, on_dead: Callable[[ZygoteRecord], None]) -> None:
        self._file = registry_file(runtime_dir)
        self._on_zygote_exit = on_dead
        self._all: list[ZygoteRecord] = []
        self._next_generation = 1
        self._pidfds: dict[int, int] = {}
        #: Set whenever one has ended; who waits for that clears it first.
        self.exited = asyncio.Event()
        #: The one that new executors are forked from.
        self.current: ZygoteRecord | None = None

    def load(self) -> None:
        """Take over who lived before."""
        self._all, highest = read_registry(self._file)
        self._next_generation = highest + 1
        for zygote in self._all:
            self.watch_exit(zygote)

    @property
    def living(self) -> list[ZygoteRecord]:
        """All that are known, the oldest first."""
        return list(self._all)

    def __contains__(self, zygote: ZygoteRecord) -> bool:
        return zygote in self._all

    def of_generation(self, generation: int) -> ZygoteRecord | None:
        """The living zygote of that number, or None."""
        return next((z for z in self._all if z.generation == generation), None)

    def free_range(self) -> tuple[int, int] | None:
        """Slots of the board for one more, or None: as many live as there is room for."""
        return free_range(self._all)

    def new_number(self) -> int:
        """The number of the next generation; each is given once."""
        self._next_generation += 1
        return self._next_generation - 1

    def add(self, zygote: ZygoteRecord) -> None:
        """One more lives."""
        self._all.append(zygote)
        self._next_generation = max(self._next_generation, zygote.generation + 1)

    def save(self) -> None:
        """Bring the file up to date."""
        write_registry(self._file, self._all)

    def watch_exit(self, zygote: ZygoteRecord) -> None:
        """Be told by the kernel when a zygote's process ends."""
        if zygote.pid in self._pidfds:
            return
        fd = open_pidfd(zygote.pid)
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
        self.exited.set()
        if self.current is zygote:
            self.current = None
        self.save()
        zygote.greeted.set()
        self._on_zygote_exit(zygote)

    def close(self, keep: bool) -> None:
        """Watch no more. With `keep` the file stays for the next supervisor."""
        for fd in self._pidfds.values():
            asyncio.get_running_loop().remove_reader(fd)
            os.close(fd)
        self._pidfds.clear()
        if not keep:
            self._file.unlink(missing_ok=True)
