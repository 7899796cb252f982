"""The app of the section `schedule`: BENCH_TASKS tasks, BENCH_KIND says with which conditions."""

from __future__ import annotations

import os
import time

from benchmarks import marks
from benchmarks.schedule import mix
from rtd import Session

KIND = os.environ["BENCH_KIND"]
TASKS = int(os.environ["BENCH_TASKS"])
DUE_AT = float(os.environ.get("BENCH_DUE_AT", "0"))

session = Session(timezone="UTC")


def noop() -> None:
    """The body of every task."""


@session.task(start_cond="every 1 day")
def canary() -> None:
    """Due at once: its start shows that the scheduler is up."""
    marks.note_first_start()


session.task(name=mix.FIRST)(noop)


def condition(number: int, now: float) -> str:
    """Return the start condition of the task of this number."""
    if KIND == "idle":
        return mix.idle(number, now)
    if KIND == "event":
        return f"after task '{mix.FIRST}'"
    if KIND == "spread":
        return mix.spread(number)
    return mix.due(DUE_AT)


NOW = time.time()
for n in range(TASKS):
    session.task(name=f"t{n}", start_cond=condition(n, NOW))(noop)
