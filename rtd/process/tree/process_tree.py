"""The processes of a tree, and the memory and CPU time that they use.

For limits and for the list in the answer to a kill. No proof: a process that is forked
meanwhile may be missing.
"""

from dataclasses import dataclass, field

import psutil

from rtd.process.tree.children import children_of
from rtd.process.tree.program_name import program_name

__all__ = ["ProcessInfo", "ProcessTree", "read_tree"]


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """One process of a tree.

    Attributes:
        memory_bytes: resident memory, or its share of it (see `read_tree`).
        cpu_s: CPU seconds of its own and of the children that it has waited for.
        created_at: UTC epoch seconds, from the kernel's clock ticks.
        program: what it is called in lists.
    """

    pid: int
    parent: int
    name: str
    command: str
    memory_bytes: int
    cpu_s: float
    created_at: float
    program: str = ""


@dataclass(frozen=True, slots=True)
class ProcessTree:
    """The processes at and below one root, the root first; empty when it is gone."""

    processes: list[ProcessInfo] = field(default_factory=list)

    @property
    def pids(self) -> list[int]:
        """All pids, the root's first."""
        return [member.pid for member in self.processes]

    @property
    def memory_bytes(self) -> int:
        """Memory of all together."""
        return sum(member.memory_bytes for member in self.processes)

    @property
    def cpu_s(self) -> float:
        """CPU seconds of all together, and of members that have ended and were waited for.

        Take the difference to the value at the start of a run: an executor has had others.
        """
        return sum(member.cpu_s for member in self.processes)


def read_tree(root_pid: int, exact: bool = False) -> ProcessTree:
    """Read the tree below `root_pid` as it is now. Leaves zombies out.

    Args:
        exact: count memory that processes share once, divided among them (PSS), and memory
            in swap. Takes about ten times as long, and falls back to the resident size for
            processes that may not be read. Otherwise the resident size, in which a
            shared page counts in every process that maps it: never less than the truth.
    """
    members: list[ProcessInfo] = []
    seen = {root_pid}
    waiting = [root_pid]
    while waiting:
        pid = waiting.pop(0)
        member = _read_process(pid, exact)
        if member is not None:
            members.append(member)
        below = [child for child in children_of(pid) if child not in seen]
        seen.update(below)
        waiting += below
    return ProcessTree(members)


def _read_process(pid: int, exact: bool) -> ProcessInfo | None:
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            if process.status() == psutil.STATUS_ZOMBIE:
                return None
            times, argv = process.cpu_times(), process.cmdline()
            return ProcessInfo(
                pid=pid,
                parent=process.ppid(),
                name=process.name(),
                command=" ".join(argv).strip(),  # a title is filled up with blanks
                program=program_name(argv, process.name()),
                memory_bytes=_memory_bytes(process, exact),
                cpu_s=times.user + times.system + times.children_user + times.children_system,
                created_at=process.create_time(),
            )
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None


def _memory_bytes(process: psutil.Process, exact: bool) -> int:
    if exact:
        try:
            full = process.memory_full_info()
        except psutil.AccessDenied:
            pass
        else:
            return int(full.pss + full.swap)
    return int(process.memory_info().rss)
