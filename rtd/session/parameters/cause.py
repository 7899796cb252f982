"""The run that another one came after: for a notice that says what went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from rtd.common.errors import RtdError
from rtd.common.ids import decode_id
from rtd.language.leaves.after import After
from rtd.language.leaves.has import STATUSES, Has
from rtd.model.run_states import STATE_CHAR, TERMINAL
from rtd.model.task_log_entry import ACTION_OF
from rtd.session.context.run_context import find_run
from rtd.session.parameters.argument import Argument

if TYPE_CHECKING:
    from rtctl.client.client import Client
    from rtctl.client.run import Run

#: So many of the latest runs of a task are compared with the time of a run.
_LATEST: Final = 20
#: The id of a run has its time in milliseconds, rounded down.
_ROUNDED_S: Final = 0.002


class PrecedingRun(NamedTuple):
    """A run that another one came after.

    Attributes:
        id: of the run.
        task: the name of its task.
        state: as `rtctl ls` says it: `succeeded`, `exception`, `timed out`, `killed`, ...
        why: one sentence: the error, or the reason of the end; empty for a success.
        started_at, ended_at: local times; `started_at` is None for a run that never began.
        output: its last lines of output, without line ends.
    """

    id: str
    task: str
    state: str
    why: str
    started_at: datetime | None
    ended_at: datetime
    output: list[str]


class Cause(Argument):
    """The run after which this one starts: the latest that the task's `start_cond` names.

    ```python
    @session.task(start_cond="after task 'backup' unsuccessful")
    def notify(cause=Cause()):
        send_mail(f"{cause.task} {cause.state}: {cause.why}", "\\n".join(cause.output))
    ```

    The value is a `PrecedingRun`: of the tasks in `after task ...` and `task ... has ...` the run
    that ended last in the way that the condition says, and before this run was due. It is None
    where there is none, such as when the task is submitted and the other has never ended so.

    Args:
        lines: how many lines of its output.
    """

    kind = "return"

    def __init__(self, lines: int = 20) -> None:
        if isinstance(lines, bool) or not isinstance(lines, int) or lines < 0:
            raise ValueError(f"Cause: lines is a number of lines, not {lines!r:.60}")
        self.lines = lines

    def get_value(self, task: Any = None, **_given: Any) -> PrecedingRun | None:
        """Return the run. Raises RtdError: no daemon answers."""
        from rtctl.client.client import Client  # lazy: few apps need it

        run = find_run()
        before_at = float("inf") if run is None else (decode_id(run.id) >> 80) / 1000
        with Client() as client:
            found = [
                one
                for name, actions in _named_by(task)
                if (one := _latest_end(client, name, actions, before_at)) is not None
            ]
            if not found:
                return None
            last = max(found, key=lambda one: one.row["ended_at"] or 0.0)
            return _preceding(last, self.lines)

    def describe(self) -> str:
        return "the run that it came after"

    def __repr__(self) -> str:
        return "Cause()"


def _named_by(task: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the tasks that the start condition of a task names, and with which ends."""
    condition = task.start_cond
    for leaf in () if condition is None else condition.leaves():
        if isinstance(leaf, After):
            yield from ((name, STATUSES[leaf.status]) for name in leaf.tasks)
        elif isinstance(leaf, Has) and leaf.task:
            yield leaf.task, STATUSES[leaf.status]


def _latest_end(
    client: Client, task: str, actions: tuple[str, ...], before_at: float
) -> Run | None:
    states = [state for state, char in STATE_CHAR.items() if ACTION_OF.get(char) in actions]
    states = [state for state in states if state in TERMINAL]
    if not states:  # `started`: no end is meant
        return None
    for run in client.ls(task=task, state=states, limit=_LATEST):
        if (run.row["ended_at"] or 0.0) <= before_at + _ROUNDED_S:
            return run
    return None


def _preceding(run: Run, lines: int) -> PrecedingRun:
    from rtctl.client.run_base import error_of  # lazy: as above
    from rtd.common.format_units import end_text  # lazy: as above

    row = run.row
    began, ended = row["started_at"], row["ended_at"]
    assert ended is not None
    return PrecedingRun(
        id=row["id"],
        task=row["task"],
        state=end_text(row["state"], row["by"]),
        why=error_of(row) or "",
        started_at=None if began is None else datetime.fromtimestamp(began),
        ended_at=datetime.fromtimestamp(ended),
        output=_output(run, lines),
    )


def _output(run: Run, lines: int) -> list[str]:
    """Return the last lines; none where the output is gone, or on another node."""
    if not lines:
        return []
    try:
        return [str(line) for line in run.logs(lines=lines)]
    except RtdError:
        return []
