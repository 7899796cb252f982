"""Queues runs for `Client`: straight into Redis where it may, else through the daemon."""

from __future__ import annotations

from rtctl.client import bulk_submit
from rtctl.client.direct_submit import DirectSubmitter
from rtctl.client.submit_options import to_wire
from rtctl.core.check_argument import check_map, check_task
from rtd.common.ids import new_id
from rtd.model.run_record import HEADERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from rtctl.client.connection_pool import ConnectionPool

#: The options that a run may have without the daemon in between.
_HEADERS = {HEADERS}


class RunSubmitter:
    """Queues runs over a connection pool. `rtctl.aio.run_submitter` does it for asyncio."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool
        self._direct_submitter = DirectSubmitter(pool.send_direct)

    def close(self) -> None:
        """Close the connections to Redis."""
        self._direct_submitter.close()

    def submit(
        self, task: str, params: Mapping[str, Any], options: Mapping[str, Any]
    ) -> tuple[str, bool]:
        """Queue one run. Returns its id, and whether it is new."""
        check_task(task)
        check_map("params", params)
        if not options:
            return self._submit_plain(task, params, {})
        key, plain = to_wire(options)
        if plain.keys() == _HEADERS and not key:
            return self._submit_plain(task, params, plain)
        answer = self._pool.rpc.submit(
            task=task,
            params=dict(params),
            ids=None if key else [new_id()],
            key=key,
            options=plain,  # type: ignore[arg-type]  # the daemon checks them
        )
        return answer["ids"][0], answer["created"][0]

    def _submit_plain(
        self, task: str, params: Mapping[str, Any], headers: dict[str, Any]
    ) -> tuple[str, bool]:
        """Queue one run without other options than headers: straight into Redis where the daemon
        has offered it."""
        run_id = new_id()
        created = None
        if not self._pool.is_stood_in:
            created = self._direct_submitter.submit(task, run_id, params, headers)
        if created is None:
            answer = self._pool.rpc.submit(
                task=task,
                params=dict(params),
                ids=[run_id],
                options=headers,  # type: ignore[arg-type]  # the daemon checks them
                shortcut=True,
            )
            self._direct_submitter.store_offer(task, answer["shortcut"], self._pool.other_uid)
            created = answer["created"][0]
        return run_id, created

    def submit_many(
        self, task: str, params: Iterable[Mapping[str, Any]], options: Mapping[str, Any]
    ) -> list[tuple[str, bool]]:
        """Queue a run for each of these parameters. Returns (id, is new) of each."""
        check_task(task)
        _, plain = to_wire(bulk_submit.check_options(options))
        return bulk_submit.submit_all(self._pool, task, params, plain)
