"""The runs of a `TWorker`: those that wait, in their order, and those that are over."""

from __future__ import annotations

import heapq
import re
import threading
from collections.abc import Collection
from itertools import count
from typing import Final

from rtd.common.errors import AmbiguousRun, NoSuchRun
from rtd.common.ids import id_for_key
from rtd.model.run_record import RunRecord, decode_record, encode_record
from rtd.model.run_states import TERMINAL, RunState
from rtd.testing.capture_reports import RunReports

_SHORT: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{4,25}")


class QueuedRun:
    """One run.

    Attributes:
        record: as a daemon would store it.
        blob: the same, packed.
        due_at: when it may start, if that is later than its submit.
        reports: what it has reported so far.
        parent: the run that carries this one out while it waits; None: no run does.
    """

    def __init__(self, record: RunRecord, due_at: float | None) -> None:
        self.record = record
        self.blob = encode_record(record)
        self.due_at = due_at
        self.reports = RunReports()
        self.parent: str | None = None
        self.number = 0

    @property
    def id(self) -> str:
        """The id of the run."""
        return self.record.spec.id

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.record.state in TERMINAL


class RunQueue:
    """All runs, of which threads take one after the other.

    Args:
        queues: the runs of other queues wait for ever; None: all queues are worked off.

    Attributes:
        changed: notified when a run has ended.
    """

    def __init__(self, queues: Collection[str] | None) -> None:
        self._queues = None if queues is None else frozenset(queues)
        self._runs: dict[str, QueuedRun] = {}
        self._results: dict[str, bytes | None] = {}
        self._numbers = count(1)
        #: Of those that wait and are due: priority, number, id.
        self._waiting: list[tuple[int, int, str]] = []
        self.changed: Final = threading.Condition()

    @property
    def runs(self) -> list[QueuedRun]:
        """All runs in the order of their submit."""
        with self.changed:
            return list(self._runs.values())

    def add(self, run: QueuedRun) -> bool:
        """Queue a run. Returns whether it is new: a run of this id may be there."""
        with self.changed:
            if run.id in self._runs:
                return False
            self._runs[run.id] = run
            self._enqueue(run)
            return True

    def take(self, due: Collection[str] = ()) -> QueuedRun | None:
        """Return the first run that waits, which is running from now on; None: none waits.

        Args:
            due: the runs that may start although they are due later.
        """
        with self.changed:
            found = self._first() or self._first_delayed(due)
            if found is not None:
                found.record = found.record._replace(state=RunState.RUNNING)
            return found

    def _first(self) -> QueuedRun | None:
        while self._waiting:
            run = self._runs[heapq.heappop(self._waiting)[-1]]
            if run.record.state is RunState.QUEUED:
                return run
        return None

    def _first_delayed(self, due: Collection[str]) -> QueuedRun | None:
        runs = [self._runs[one] for one in due]
        runs = [run for run in runs if run.record.state is RunState.QUEUED and self._is_mine(run)]
        return min(runs, key=lambda run: (run.due_at or 0.0, run.number), default=None)

    def _is_mine(self, run: QueuedRun) -> bool:
        return self._queues is None or run.record.spec.queue in self._queues

    def _enqueue(self, run: QueuedRun) -> None:
        run.number = next(self._numbers)
        if run.due_at is None and self._is_mine(run):
            heapq.heappush(self._waiting, (-run.record.spec.priority, run.number, run.id))

    def put(self, run: QueuedRun, blob: bytes) -> None:
        """Store a run after an attempt, or after its end."""
        with self.changed:
            run.blob, run.record = blob, decode_record(blob)
            run.due_at = None
            if not run.is_over:
                self._enqueue(run)
            end = run.record.end
            if run.record.state is RunState.SUCCEEDED and end is not None:
                self._results[run.record.spec.task] = end.result
            self.changed.notify_all()

    def result_of(self, task: str) -> tuple[bool, bytes | None]:
        """Return whether a run of a task has succeeded, and the result of the latest."""
        return task in self._results, self._results.get(task)

    def find(self, target: str) -> QueuedRun:
        """Return the run of this id, this key, or with these 4 or more characters in its id.

        Raises:
            NoSuchRun, AmbiguousRun: as a daemon's.
        """
        with self.changed:
            run = self._runs.get(target.upper()) or self._runs.get(id_for_key(target))
            if run is not None:
                return run
            part = target.upper()
            ids = [one for one in self._runs if one.startswith(part) or one.endswith(part)]
            if _SHORT.fullmatch(part) is None or not ids:
                raise NoSuchRun(f"rtd.testing.TWorker has no run {target!r:.60}")
            if len(ids) > 1:
                raise AmbiguousRun(f"{target!r} fits {len(ids)} runs: {', '.join(ids[:5])}")
            return self._runs[ids[0]]
