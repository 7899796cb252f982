"""CPU seconds and peak memory of one run in a process that has many."""

import os
import resource
import time
from typing import Final

#: The figures of shorter runs are not worth their system calls.
MIN_MEASURED_S: Final = 0.001
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class UsageMeter:
    """Measures one run at a time, the children it waited for included.

    The peak is the process's high-water mark since the run began: Linux resets it when "5"
    is written to /proc/self/clear_refs (proc(5)).
    """

    def __init__(self) -> None:
        try:
            self._clear = os.open("/proc/self/clear_refs", os.O_WRONLY | os.O_CLOEXEC)
        except OSError:  # a kernel without it: the peak is then that of the whole executor
            self._clear = -1
        self._cpu_s = 0.0
        self._children_s = _children_s()

    def begin(self) -> None:
        """Before a run."""
        self._cpu_s = time.process_time()

    def end(self, elapsed_s: float) -> tuple[float, int]:
        """(CPU seconds, peak bytes) of the run that began; the peak is 0 (not measured) for
        runs below a millisecond."""
        cpu_s = time.process_time() - self._cpu_s
        if elapsed_s < MIN_MEASURED_S:
            return cpu_s, 0
        children_s = _children_s()
        cpu_s += children_s - self._children_s
        self._children_s = children_s
        peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if self._clear >= 0:
            os.pwrite(self._clear, b"5", 0)
        return cpu_s, peak_kib * 1024


def resident_bytes() -> int:
    """Resident memory of this process."""
    with open("/proc/self/statm", "rb", buffering=0) as file:
        return int(file.readall().split()[1]) * _PAGE


def _children_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
