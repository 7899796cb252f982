"""CPU time and memory of a whole process tree."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class TreeSample:
    """The CPU time of a tree at one moment: nanoseconds, by process."""

    on_cpu_ns: dict[tuple[int, float], int]

    def since(self, earlier: TreeSample) -> int:
        """Return the nanoseconds on a CPU since ``earlier`` of the processes that are alive. A
        process that started in between counts in full; one that ended in between does not count.
        """
        return sum(ns - earlier.on_cpu_ns.get(key, 0) for key, ns in self.on_cpu_ns.items())


def tree(root_pid: int) -> list[psutil.Process]:
    """A process and everything below it."""
    root = psutil.Process(root_pid)
    return [root, *root.children(recursive=True)]


def sample(root_pid: int) -> TreeSample:
    """The CPU time of each process of a tree, from the scheduler's own nanosecond counts."""
    used: dict[tuple[int, float], int] = {}
    for process in tree(root_pid):
        try:
            used[process.pid, process.create_time()] = _on_cpu_ns(process.pid)
        except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
            continue
    return TreeSample(used)


def pss_bytes(root_pid: int, without: str = "") -> int:
    """Return the proportional set size of a tree: pages that several processes share count once.

    Processes with the name ``without`` do not count.
    """
    total = 0
    for process in tree(root_pid):
        try:
            if without and process.name() == without:
                continue
            rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
        except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
            continue
        for line in rollup.splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def _on_cpu_ns(pid: int) -> int:
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads)
