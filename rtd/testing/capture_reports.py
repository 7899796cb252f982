"""Collects what the runs in this process report: events, progress and faults."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import time
from typing import Any, Final, NamedTuple

from rtd.executor.runs.run_threads import runs_in_threads
from rtd.model.app_info import AppFault
from rtd.session.context.run_context import FAULTS, find_run
from rtd.session.context.task_redis import TASK_REDIS
from rtd.session.context.user_events import USER_EVENTS
from rtd.session.core.default_session import default_session


class UserEvent(NamedTuple):
    """An event that a run has emitted."""

    event: str
    data: Any


class Progress(NamedTuple):
    """A report of `progress`."""

    done: float
    total: float | None
    text: str


class RunReports:
    """Holds the reports of one run, over all of its attempts.

    Attributes:
        events: in their order.
        progress: each report; none is left out.
        faults: a sentence for each.
    """

    def __init__(self) -> None:
        self.events: list[UserEvent] = []
        self.progress: list[Progress] = []
        self.faults: list[str] = []

    def add_progress(self, done: float, total: float | None, text: str) -> None:
        """Add a report of `progress`."""
        self.progress.append(Progress(done, total, text))


def _refuse_redis() -> Any:
    raise LookupError(
        "self.redis: rtd.testing has no Redis in this process: replace the attribute `redis` of the"
        " class in the test, or use rtd.testing.daemon_of"
    )


class _Collector:
    """Receives the reports of all runs that go on in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[str, RunReports] = {}

    def add(self, run_id: str, reports: RunReports) -> None:
        """Collect the reports of a run from now on; the first one sets the sinks."""
        with self._lock:
            if not self._runs:
                self._before = USER_EVENTS.sink, FAULTS.sink, TASK_REDIS.connect
                USER_EVENTS.sink, FAULTS.sink = self._take_event, self._take_fault
                TASK_REDIS.connect = _refuse_redis
            self._runs[run_id] = reports

    def remove(self, run_id: str) -> None:
        """Collect no more; the last one gives the sinks back."""
        with self._lock:
            del self._runs[run_id]
            if not self._runs:
                USER_EVENTS.sink, FAULTS.sink, TASK_REDIS.connect = self._before

    def _take_event(self, run_id: str, _task: str, blob: bytes) -> None:
        reports = self._runs.get(run_id)
        if reports is not None:
            envelope = json.loads(blob)
            reports.events.append(UserEvent(envelope["event"], envelope["data"]))

    def _take_fault(self, kind: str, what: str, message: str, _halts: bool) -> None:
        run = find_run()
        reports = None if run is None else self._runs.get(run.id)
        if reports is not None:
            reports.faults.append(f"{kind} {what}: {message}")
        else:
            default_session().faults.append(AppFault(kind, what, message, time()))


_COLLECTOR: Final = _Collector()


@contextmanager
def collected(run_id: str, reports: RunReports) -> Iterator[None]:
    """Collect the reports of a run, also from threads that it starts."""
    with runs_in_threads():
        _COLLECTOR.add(run_id, reports)
        try:
            yield
        finally:
            _COLLECTOR.remove(run_id)
