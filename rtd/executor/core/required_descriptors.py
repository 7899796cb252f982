"""The descriptors that an executor needs for its runs: it raises its limit, or says what lacks.

Only the executors of lanes with many runs in one process do so. Programs that their runs start
inherit the limit; rtd's own processes and all other lanes keep the limit that the daemon has.
"""

from typing import Final

from rtd.process.fork.descriptor_limit import raise_descriptor_limit

__all__ = ["find_missing_descriptors"]

#: For a run: the file of its output with the index, and two of its own, a socket and a file.
_PER_RUN: Final = 4
#: For the rest of the process: rtd's own, the event loop's, pools of the app, open modules.
_PER_PROCESS: Final = 256
#: So few runs fit into every usual limit, which then stays as it is.
_FEW_RUNS: Final = 16


def find_missing_descriptors(lane: str, runs: int) -> str | None:
    """Raise the limit of this process as far as it needs that for so many runs at once.

    Returns one sentence on what the hard limit does not allow; None: it is enough.
    """
    if runs <= _FEW_RUNS:
        return None
    wanted = _PER_PROCESS + _PER_RUN * runs
    limit = raise_descriptor_limit(wanted)
    if limit >= wanted:
        return None
    return (
        f"{runs} runs at once may need {wanted} open files, and its executor may open {limit}: set"
        f" LimitNOFILE= in the unit, or `ulimit -Hn`, or a lower lanes.{lane}.concurrency"
    )
