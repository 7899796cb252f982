"""The exit codes of the command `rtd`: for its manual page and the reference."""

from typing import Final

__all__ = ["EXIT_CODES"]

#: Each code and its meaning. Errors get theirs from `rtd.common.errors.EXIT_CODE`.
EXIT_CODES: Final = {
    0: "done; `rtd run`: the daemon has ended in order",
    1: "it failed, and one line says why: `rtd run` and `rtd start` of an app that does not"
    " import, a Redis that does not answer",
    2: "wrong usage, settings or directories",
    3: "`rtd check`: the app does not import, or has other problems",
    4: "`rtd stop`: the daemon belongs to another user",
    6: "a daemon is running already with this runtime or state directory",
    7: "`rtd stop`: no daemon runs",
    8: "`rtd run --until-idle`: a run has not succeeded, or it was ended before all was done",
    124: "`rtd stop`: the daemon has not ended in time, and continues to shut down",
    130: "interrupted",
}
