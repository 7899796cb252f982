"""The app for rtd's measurements: the same two tasks that every peer has."""

from __future__ import annotations

from benchmarks import marks
from rtd import Session

session = Session()


@session.task()
def noop() -> None:
    """Do nothing."""
    marks.note_first_start()


@session.task()
def print_lines(count: int) -> None:
    """Print so many short lines, one by one."""
    for number in range(count):
        print(number)


@session.task(fresh=True)
def noop_fresh() -> None:
    """Do nothing, in a process forked for this run alone."""
    marks.note_first_start()


@session.task()
def stamp(sent_ns: int) -> None:
    """Report how long ago the client started to submit this run."""
    marks.report_latency(sent_ns)
