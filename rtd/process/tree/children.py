"""The children of processes.

From `/proc/PID/task/TID/children`, which takes time for each process of the tree; a pass over
all processes takes time for each of the machine. The kernel gives these lists without a lock over
the whole: a child can be missing from one reading while others come and go. A caller that
must know for sure reads several times.
"""

from rtd.common.stdlib.originals import os

__all__ = ["children_of", "has_children", "is_child", "own_children"]


def children_of(pid: int) -> list[int]:
    """Return the children of a process, zombies too; empty when it is gone."""
    base = f"/proc/{pid}/task"
    try:
        tids = os.listdir(base)
    except (FileNotFoundError, ProcessLookupError):
        return []
    pids: list[int] = []
    for tid in tids:  # a child forked by a thread is listed under that thread
        try:
            with open(f"{base}/{tid}/children", "rb", buffering=0) as file:
                pids += map(int, file.readall().split())
        except ProcessLookupError:
            continue
        except FileNotFoundError:
            if not _kernel_lists_children():
                return _by_parent(pid)
    return pids


def own_children() -> list[int]:
    """Return the children of this process, zombies too."""
    return children_of(os.getpid())


def is_child(pid: int) -> bool:
    """Return whether a process is a child of this one, alive or zombie: so no other has its pid."""
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def has_children() -> bool:
    """Return whether this process has any child, alive or zombie. Takes no status.

    About 1.4 us when there is none: cheap enough after every run.
    """
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _kernel_lists_children() -> bool:
    return os.path.exists("/proc/thread-self/children")


def _by_parent(pid: int) -> list[int]:
    """Return the children by a pass over all processes, for kernels without the lists."""
    import psutil  # lazy: not for executors, whose forks pay for every megabyte

    try:
        return [child.pid for child in psutil.Process(pid).children()]
    except psutil.NoSuchProcess:
        return []
