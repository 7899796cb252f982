"""The processes of a tree, each with its identity, to be signalled one by one.

Between the list of a parent's children and the reading of a child another process can get the
child's pid. Such a one has another parent and has started later than the list was read.
"""

from collections.abc import Collection
from typing import Final

from rtd.common.stdlib.originals import os, time
from rtd.process.tree.children import children_of
from rtd.process.tree.process_identity import ProcessStat, read_stat, start_ticks

__all__ = ["belongs_to", "boot_ticks", "list_tree"]

_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


def list_tree(root_pid: int, ticks: int) -> list[ProcessStat]:
    """Return the processes at and below a root, the root first; empty when it is gone.

    No proof: a process that is forked meanwhile may be missing.

    Args:
        ticks: the start ticks of the root.
    """
    root = read_stat(root_pid)
    if root is None or root.ticks != ticks:
        return []
    found = {root_pid: root}
    waiting = [root]
    while waiting:
        parent = waiting.pop(0)
        listed_at = boot_ticks()
        pids = children_of(parent.pid)
        if start_ticks(parent.pid) != parent.ticks:
            continue  # they may be those of another process
        for stat in map(read_stat, pids):
            if stat and stat.pid not in found and belongs_to(stat, found, listed_at):
                found[stat.pid] = stat
                waiting.append(stat)
    return list(found.values())


def belongs_to(stat: ProcessStat, tree: Collection[int], listed_at: int) -> bool:
    """Return whether a process is the one that a list of children has named.

    Args:
        tree: the pids of its possible parents. It falls to another one when its parent ends.
        listed_at: when the list was read, in clock ticks since boot.
    """
    return stat.parent in tree or stat.ticks < listed_at


def boot_ticks() -> int:
    """Return the time now as the kernel counts the starts of processes: ticks since boot."""
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * _TICKS_PER_S)
