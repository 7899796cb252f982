"""The last lines and the exit code of `rtd run --until-idle`."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from rtd.common.format_units import format_count
from rtd.model.run_states import RunState
from rtd.supervisor.lifecycle.idle_watcher import IdleReport

_PARTLY_FAILED: Final = 8


def report_lines(report: IdleReport) -> Iterator[str]:
    """Yield what to say of the runs that have ended and of those that are left."""
    total = report.ended.total()
    good = report.ended[RunState.SUCCEEDED]
    others = ", ".join(
        f"{report.ended[state]} {state}"
        for state in RunState
        if report.ended[state] and state is not RunState.SUCCEEDED
    )
    line = f"{format_count(total, 'run')}: {good:,} succeeded"
    if others:
        line += f", {others}: `rtctl ls` shows them when a daemon runs again"
    if not report.was_idle:
        line = f"ended before all was done: {line}"
    yield line
    if report.unheard:
        ends = format_count(report.unheard, "end")
        yield f"middleware did not hear of {ends}: the log says of which"
    left = [
        f"{queues.total():,} {why} ({_by_queue(queues)})"
        for queues, why in (
            (report.later, "for a later time"),
            (report.paused, "in paused queues"),
            (report.ready, "that could not start here"),
        )
        if queues.total()
    ]
    if left:
        yield f"left in the queue: {'; '.join(left)}"


def _by_queue(queues: Counter[str]) -> str:
    return ", ".join(f"{queue} {count:,}" for queue, count in queues.most_common() if count)


def exit_code_of_report(report: IdleReport) -> int:
    """Return 0 when each run has succeeded, middleware has heard of each end, and the daemon was
    not ended before the last one."""
    failed = report.ended.total() - report.ended[RunState.SUCCEEDED]
    return _PARTLY_FAILED if failed or report.unheard or not report.was_idle else 0
