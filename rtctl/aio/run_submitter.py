"""Queues runs for `AsyncClient`, through the daemon."""

from __future__ import annotations

from rtctl.client import bulk_submit
from rtctl.client.submit_options import to_wire
from rtctl.core.check_argument import check_map, check_task
from rtd.common.errors import RtdError
from rtd.common.ids import new_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from rtctl.aio.connection_pool import AsyncConnectionPool


class AsyncRunSubmitter:
    """As `rtctl.client.run_submitter.RunSubmitter`, but always through the daemon, and with one
    chunk of runs at a time."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool

    async def aclose(self) -> None:
        """Do nothing: there are no connections beside those of the pool."""

    async def submit(
        self, task: str, params: Mapping[str, Any], options: Mapping[str, Any]
    ) -> tuple[str, bool]:
        """Queue one run. Returns its id, and whether it is new."""
        check_task(task)
        check_map("params", params)
        key, plain = to_wire(options)
        answer = await self._pool.rpc.submit(
            task=task,
            params=dict(params),
            ids=None if key else [new_id()],
            key=key,
            options=plain,  # type: ignore[arg-type]  # the daemon checks them
        )
        return answer["ids"][0], answer["created"][0]

    async def submit_many(
        self, task: str, params: Iterable[Mapping[str, Any]], options: Mapping[str, Any]
    ) -> list[tuple[str, bool]]:
        """Queue a run for each of these parameters. Returns (id, is new) of each."""
        check_task(task)
        _, plain = to_wire(bulk_submit.check_options(options))
        made: list[tuple[str, bool]] = []
        for chunk in bulk_submit.chunks(task, params, plain):
            try:
                answer = await self._pool.rpc.submit(**chunk)
            except RtdError as error:
                raise bulk_submit.with_count(error, len(made)) from None
            made += zip(answer["ids"], answer["created"], strict=True)
        return made
