"""Carries out the runs of a queue in this process."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextvars import Context
from time import monotonic

from rtd.common.errors import WaitTimeout
from rtd.common.format_units import not_over_text
from rtd.common.msgpack_values import pack
from rtd.executor.core.leased_run import LeasedRun
from rtd.model.run_states import RunState
from rtd.session.context.run_context import find_run
from rtd.testing.call_attempt import call_attempt
from rtd.testing.executor_hooks import EXECUTOR_ID
from rtd.testing.prepared_app import PreparedApp
from rtd.testing.run_queue import QueuedRun, RunQueue
from rtd.testing.task_outcome import TaskOutcome, outcome_of

_NONE = pack(None)


class QueueExecutor:
    """Carries out runs, also while another run waits for them.

    Args:
        app: of the tasks.
        context: of its runs.
        queue: of the runs.
        on_end: called with the outcome of each run that has ended.
    """

    def __init__(
        self,
        app: PreparedApp,
        context: Context,
        queue: RunQueue,
        on_end: Callable[[TaskOutcome], None],
    ) -> None:
        self._app = app
        self._context = context
        self._queue = queue
        self._on_end = on_end

    def step(self, due: Collection[str] = ()) -> tuple[bool, TaskOutcome | None]:
        """Carry out one attempt of the first run that waits.

        Args:
            due: the runs that may start although they are due later.

        Returns:
            Whether there was one, and its outcome if the run has ended.
        """
        run = self._queue.take(due)
        if run is None:
            return False, None
        current = find_run()
        run.parent = None if current is None else current.id
        work = LeasedRun(run.blob, self._app.session.tasks)
        self._fetch(work)
        try:
            attempted = call_attempt(
                work, run.reports, self._app.config.limits.result_bytes, self._context
            )
        except BaseException:
            self._queue.put(run, run.blob)  # it waits again
            raise
        again = attempted.outcome.retry_wait_s() is not None
        self._queue.put(run, attempted.outcome.record(EXECUTOR_ID, "", again))
        if again:
            return True, None
        outcome = outcome_of(attempted, run.reports)
        self._on_end(outcome)
        return True, outcome

    def _fetch(self, work: LeasedRun) -> None:
        """Set what a daemon has in Redis for the parameters: the latest results of other tasks."""
        if work.resolver is None:
            return
        fields, tasks = work.resolver.fetch_keys
        results: list[bytes | None] = []
        for task in tasks:
            has_succeeded, blob = self._queue.result_of(task)
            results.append(blob or _NONE if has_succeeded else None)
        work.fetched = [[None for _ in fields], results]

    def wait(self, runs: Sequence[QueuedRun], timeout_s: float | None, any_of: bool) -> None:
        """Carry out what waits until all of the runs are over, or any of them.

        Raises:
            WaitTimeout: the time is over, or nothing that can be carried out ends them.
        """
        until = None if timeout_s is None else monotonic() + timeout_s
        enough = len(runs) - 1 if any_of else 0
        due = {run.id for run in runs}
        while len(pending := [run for run in runs if not run.is_over]) > enough:
            left_s = None if until is None else until - monotonic()
            if left_s is not None and left_s <= 0:
                count = len({run.id for run in runs})
                left = list(dict.fromkeys(run.id for run in pending))
                details = {"over": count - len(left), "runs": count}
                raise WaitTimeout(not_over_text(left, count, timeout_s), details)
            if not self.step(due)[0]:
                self._wait_for_threads(pending, left_s)

    def _wait_for_threads(self, pending: Sequence[QueuedRun], left_s: float | None) -> None:
        """Wait for what other threads carry out. Raises WaitTimeout when they do not."""
        waiting = self._waiting_runs()
        for run in pending:
            if run.id in waiting:
                raise WaitTimeout(f"run {run.id} of {run.record.spec.task!r} waits for itself")
            if run.record.state is RunState.QUEUED:
                raise WaitTimeout(
                    f"run {run.id} waits in queue {run.record.spec.queue!r}, which this TWorker"
                    " does not work off"
                )
        with self._queue.changed:
            if all(run.record.state is RunState.RUNNING for run in pending):
                self._queue.changed.wait(left_s)

    def _waiting_runs(self) -> set[str]:
        """Return the run that this code is part of, and those that wait for it."""
        current, found = find_run(), set[str]()
        parents = {run.id: run.parent for run in self._queue.runs}
        run_id = None if current is None else current.id
        while run_id is not None and run_id not in found:
            found.add(run_id)
            run_id = parents.get(run_id)
        return found
