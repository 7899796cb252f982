"""The asyncio twin of `rtctl.client.run_collector`.

Made by `python -m tools.generate_client` from `rtctl/client/run_collector.py`.
"""

from __future__ import annotations

from rtctl.client.run_base import list_runs
from rtctl.core.check_argument import check_number
from rtctl.core.run_batch import RunBatch
from rtd.common.errors import WaitTimeout
from rtd.config.socket_path import CALLER_RUN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from typing import Any

    from rtctl.aio.connection_pool import AsyncConnectionPool
    from rtctl.aio.run import AsyncRun
    from rtctl.generated.async_verbs import AsyncVerbs


class AsyncRunCollector:
    """See `rtctl.client.run_collector.RunCollector`."""

    _pool: AsyncConnectionPool
    rpc: AsyncVerbs
    _run_of: Callable[[AsyncRun | str], AsyncRun]

    async def wait(
        self,
        runs: AsyncRun | str | Iterable[AsyncRun | str],
        timeout: float | None = None,
        any: bool = False,
    ) -> list[AsyncRun]:
        """See `rtctl.client.run_collector.RunCollector.wait`."""
        made = self._made(runs, timeout)
        batch = RunBatch(made, timeout)
        if len(batch.names) == 1 and len(made) == 1:
            await self._wait_single(made[0], batch, timeout)
        elif not batch.is_over:
            parts = self.rpc.collect(
                runs=batch.names, values=True, any=any, waiter=CALLER_RUN.find()
            )
            try:
                while not (batch.is_over or (any and batch.done)):
                    batch.add(await parts.next_within(batch.left_s))
            finally:
                await parts.aclose()
        return batch.done if any else made

    async def as_completed(
        self, runs: AsyncRun | str | Iterable[AsyncRun | str], timeout: float | None = None
    ) -> AsyncIterator[AsyncRun]:
        """See `rtctl.client.run_collector.RunCollector.as_completed`. Iterate with `async for`."""
        batch = RunBatch(self._made(runs, timeout), timeout)
        for run in batch.take_finished():
            yield run
        if batch.is_over:
            return
        parts = self.rpc.collect(runs=batch.names, values=True, waiter=CALLER_RUN.find())
        try:
            while not batch.is_over:
                batch.add(await parts.next_within(batch.left_s))
                for run in batch.take_finished():
                    yield run
        finally:
            await parts.aclose()

    async def results(
        self, runs: AsyncRun | str | Iterable[AsyncRun | str], timeout: float | None = None
    ) -> list[Any]:
        """See `rtctl.client.run_collector.RunCollector.results`."""
        return [await run.result() for run in await self.wait(runs, timeout)]

    def _made(
        self, runs: AsyncRun | str | Iterable[AsyncRun | str], timeout: float | None
    ) -> list[AsyncRun]:
        check_number("timeout", timeout)
        return [self._run_of(run) for run in list_runs(runs)]

    async def _wait_single(self, run: AsyncRun, batch: RunBatch, timeout: float | None) -> None:
        try:
            rows = await self._pool.wait([run.id], timeout)
        except WaitTimeout as error:
            error.pending = [run]
            raise
        run.learn(rows[0])
        batch.done.append(run)
