"""Waits for many runs at once. `rtctl/aio/run_collector.py` is made from this file."""

from __future__ import annotations

from rtctl.client.run_base import list_runs
from rtctl.core.check_argument import check_number
from rtctl.core.run_batch import RunBatch
from rtd.common.errors import WaitTimeout
from rtd.config.socket_path import CALLER_RUN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from rtctl.client.connection_pool import ConnectionPool
    from rtctl.client.run import Run
    from rtctl.generated.verbs import Verbs


class RunCollector:
    """The part of a client that waits for runs and collects their results; the client has these."""

    _pool: ConnectionPool
    rpc: Verbs
    #: Returns the run for an id.
    _run_of: Callable[[Run | str], Run]

    def wait(
        self, runs: Run | str | Iterable[Run | str], timeout: float | None = None, any: bool = False
    ) -> list[Run]:
        """Wait until all of the runs have ended, or with `any` one of them. Continues over restarts
        of rtd.

        Small results come with the ends, many at a time: then `run.result()` makes no request.

        Args:
            runs: several, or one.
            timeout: seconds; None: no limit.

        Returns:
            The runs, in this order; with `any` those that have ended, in the order of their ends.

        Raises:
            WaitTimeout: they had not ended by then, and continue; `pending` has them,
                `done` the others.
        """
        made = self._made(runs, timeout)
        batch = RunBatch(made, timeout)
        if len(batch.names) == 1 and len(made) == 1:
            self._wait_single(made[0], batch, timeout)
        elif not batch.is_over:
            parts = self.rpc.collect(
                runs=batch.names, values=True, any=any, waiter=CALLER_RUN.find()
            )
            try:
                while not (batch.is_over or (any and batch.done)):
                    batch.add(parts.next_within(batch.left_s))
            finally:
                parts.close()
        return batch.done if any else made

    def as_completed(
        self, runs: Run | str | Iterable[Run | str], timeout: float | None = None
    ) -> Iterator[Run]:
        """Yield each of the runs as soon as it has ended, in any state, in the order of their ends
        (as executors report them: those of short runs come together).

        One request for all of them; small results come with the runs, as those of `wait`. A run
        that is given twice comes once.

        Args:
            timeout: seconds for all of them together; None: no limit.

        Raises:
            WaitTimeout: as `wait`.
        """
        batch = RunBatch(self._made(runs, timeout), timeout)
        for run in batch.take_finished():
            yield run
        if batch.is_over:
            return
        parts = self.rpc.collect(runs=batch.names, values=True, waiter=CALLER_RUN.find())
        try:
            while not batch.is_over:
                batch.add(parts.next_within(batch.left_s))
                for run in batch.take_finished():
                    yield run
        finally:
            parts.close()

    def results(
        self, runs: Run | str | Iterable[Run | str], timeout: float | None = None
    ) -> list[Any]:
        """Wait until all runs have ended, and return their results, in this order.

        Raises:
            WaitTimeout: as `wait`.
            RunFailed: of the first of them that has no result; `as_completed` gives them one by
                one.
        """
        return [run.result() for run in self.wait(runs, timeout)]

    def _made(self, runs: Run | str | Iterable[Run | str], timeout: float | None) -> list[Run]:
        check_number("timeout", timeout)
        return [self._run_of(run) for run in list_runs(runs)]

    def _wait_single(self, run: Run, batch: RunBatch, timeout: float | None) -> None:
        try:
            rows = self._pool.wait([run.id], timeout)
        except WaitTimeout as error:
            error.pending = [run]
            raise
        run.learn(rows[0])
        batch.done.append(run)
