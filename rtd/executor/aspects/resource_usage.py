"""CPU seconds and peak memory of one run in a process that has many."""

import resource
from typing import Final

from rtd.common.stdlib.originals import os, time
from rtd.executor.core.attempt_outcome import AttemptOutcome
from rtd.executor.core.run_aspect import RunAspect
from rtd.model.output_files import file_place

#: The figures of shorter runs are not worth their system calls.
MIN_MEASURED_S: Final = 0.001


class ResourceUsage(RunAspect):
    """Measures one run at a time, and the children that it waited for.

    The peak is the process's high-water mark since the run began: Linux resets it when "5"
    is written to /proc/self/clear_refs (proc(5)). It is 0 (not measured) for runs below a
    millisecond.
    """

    min_expected_s = MIN_MEASURED_S

    def __init__(self) -> None:
        try:
            self._clear_fd = os.open("/proc/self/clear_refs", os.O_WRONLY | os.O_CLOEXEC)
        except OSError:  # a kernel without it: the peak is then that of the whole executor
            self._clear_fd = -1
        # A task may close it, and have a file of its own under that number.
        self._clear_place = file_place(self._clear_fd)
        self._cpu_s = 0.0
        self._children_s = _children_s()

    def enter(self, outcome: AttemptOutcome) -> None:
        self._cpu_s = time.process_time()

    def leave(self, outcome: AttemptOutcome) -> None:
        outcome.cpu_s = time.process_time() - self._cpu_s
        if outcome.elapsed_s < MIN_MEASURED_S:
            return
        children_s = _children_s()
        outcome.cpu_s += children_s - self._children_s
        self._children_s = children_s
        peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if self._clear_fd >= 0 and file_place(self._clear_fd) == self._clear_place:
            os.pwrite(self._clear_fd, b"5", 0)
        outcome.peak_bytes = outcome.peak_bytes or peak_kib * 1024  # a caller's own is better


def _children_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
