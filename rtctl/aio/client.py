"""The asyncio twin of `rtctl.client.client`.

Made by `python -m tools.generate_client` from `rtctl/client/client.py`.
"""

from __future__ import annotations

from rtctl.aio.bound_task import AsyncBoundTask
from rtctl.aio.redis_pool import open_pool
from rtctl.aio.run import AsyncRun
from rtctl.aio.run_collector import AsyncRunCollector
from rtctl.aio.run_submitter import AsyncRunSubmitter
from rtctl.client.errors import single_outcome
from rtctl.client.run_base import id_of
from rtctl.client.run_pages import RunPages
from rtctl.core.check_argument import check_list, refuse_values
from rtctl.core.deadline import GRACE_S, PING_S
from rtctl.core.event_choice import request_of
from rtd.common.ids import new_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
    from types import TracebackType
    from typing import Any, Never, Unpack

    from rtctl.core.event_choice import EventChoice
    from rtctl.core.redis_options import RedisOptions
    from rtctl.generated.answers import InfoResult, PingResult
    from rtctl.generated.async_verbs import AsyncVerbs
    from rtctl.generated.run_options import RunOptions
    from rtctl.generated.shapes import Event, Outcome, ParamRow, QueueRow, TaskRow


class AsyncClient(AsyncRunCollector):
    """A daemon, as an asyncio program uses it. As `Client`; here every call is awaited.

        async with AsyncClient() as rt:
            run = await rt.submit("report", day="2026-01-31")
            print(await run.result(timeout=60))

    Args:
        address: path of the control socket or URL of a Redis, as `Client`; None: as `Client`.
        reconnect_s: how long a daemon that was there may be away before a call fails.
        redis: as `Client`.
    """

    def __init__(
        self,
        address: str | os.PathLike[str] | None = None,
        *,
        reconnect_s: float = 5.0,
        **redis: Unpack[RedisOptions],
    ) -> None:
        self._pool = open_pool(address, reconnect_s, redis)
        self._submitter = AsyncRunSubmitter(self._pool)
        self.rpc: AsyncVerbs = self._pool.rpc

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """See `rtctl.client.client.Client.close`."""
        await self._pool.aclose()
        await self._submitter.aclose()

    async def submit(self, task: str, /, *values: Never, **params: Any) -> AsyncRun:
        """See `rtctl.client.client.Client.submit`."""
        refuse_values(values)
        return await self.submit_with(task, params, {})

    def task(self, name: str, /, **options: Unpack[RunOptions]) -> AsyncBoundTask:
        """See `rtctl.client.client.Client.task`."""
        return AsyncBoundTask(self, name, options)

    async def command(self, *argv: str, options: RunOptions | None = None, **how: Any) -> AsyncRun:
        """See `rtctl.client.client.Client.command`."""
        return await self.submit_with(
            "command", {"argv": list(argv), **how}, {} if options is None else options
        )

    async def submit_with(
        self, task: str, params: Mapping[str, Any], options: Mapping[str, Any]
    ) -> AsyncRun:
        """See `rtctl.client.client.Client.submit_with`."""
        run_id, created = await self._submitter.submit(task, params, options)
        return AsyncRun(self, run_id, task, created)

    async def submit_many(
        self,
        task: str,
        params: Iterable[Mapping[str, Any]],
        options: Mapping[str, Any] | None = None,
    ) -> list[AsyncRun]:
        """See `rtctl.client.client.Client.submit_many`."""
        created = await self._submitter.submit_many(
            task, params, {} if options is None else options
        )
        return [AsyncRun(self, run_id, task, is_new) for run_id, is_new in created]

    def rpc_within(self, timeout: float | None) -> AsyncVerbs:
        """See `rtctl.client.client.Client.rpc_within`."""
        return self._pool.rpc_within(timeout, GRACE_S)

    async def ls(
        self,
        task: str | None = None,
        state: str | Sequence[str] = (),
        queue: str | None = None,
        limit: int | None = 50,
    ) -> list[AsyncRun]:
        """See `rtctl.client.client.Client.ls`."""
        if not isinstance(state, str):
            check_list("state", state, "a state or a list of states")
        states = [state] if isinstance(state, str) else list(state)
        pages = RunPages(limit)
        while True:
            size, start = pages.span
            answer = await self.rpc.ls(
                task=task, state=states, queue=queue, limit=size, ended_from=start
            )
            if not pages.add(answer):
                return [AsyncRun(self, row["id"], row["task"]).learn(row) for row in pages.rows]

    async def get(self, run: str) -> AsyncRun:
        """See `rtctl.client.client.Client.get`."""
        row = (await self.rpc.show(run=run))["row"]
        return AsyncRun(self, row["id"], row["task"]).learn(row)

    async def tasks(self) -> list[TaskRow]:
        """See `rtctl.client.client.Client.tasks`."""
        return (await self.rpc.tasks())["tasks"]

    async def parameters(self, task: str | None = None) -> list[ParamRow]:
        """See `rtctl.client.client.Client.parameters`."""
        return (await self.rpc.params_ls(task=task))["params"]

    async def queues(self) -> list[QueueRow]:
        """See `rtctl.client.client.Client.queues`."""
        return (await self.rpc.queue_ls())["queues"]

    async def info(self) -> InfoResult:
        """See `rtctl.client.client.Client.info`."""
        return await self.rpc.info()

    async def ping(self, timeout: float | None = PING_S) -> PingResult:
        """See `rtctl.client.client.Client.ping`."""
        rpc = self._pool.rpc_within(timeout)
        return await rpc.ping()

    async def events(
        self,
        follow: bool = False,
        since: str | None = None,
        limit: int | None = None,
        **only: Unpack[EventChoice],
    ) -> AsyncIterator[Event]:
        """See `rtctl.client.client.Client.events`. Iterate with `async for`."""
        parts = self.rpc.events(follow=follow, since=since, limit=limit, **request_of(only))
        try:
            async for item in parts:
                yield item
        finally:
            await parts.aclose()

    def _run_of(self, run: AsyncRun | str) -> AsyncRun:
        return run if isinstance(run, AsyncRun) else AsyncRun(self, run, "")

    async def kill(
        self, *runs: AsyncRun | str, grace: float | None = None, reason: str = ""
    ) -> list[Outcome]:
        """See `rtctl.client.client.Client.kill`."""
        targets = [id_of(run) for run in runs]
        return (await self.rpc.kill(runs=targets, grace_s=grace, reason=reason))["runs"]

    async def cancel(self, *runs: AsyncRun | str, reason: str = "") -> list[Outcome]:
        """See `rtctl.client.client.Client.cancel`."""
        return (await self.rpc.cancel(runs=[id_of(run) for run in runs], reason=reason))["runs"]

    async def retry(self, run: AsyncRun | str) -> AsyncRun:
        """See `rtctl.client.client.Client.retry`."""
        outcome = single_outcome((await self.rpc.retry(runs=[id_of(run)], ids=[new_id()]))["runs"])
        assert outcome["new"] is not None
        return await self.get(outcome["new"])

    async def set_parameter(self, name: str, value: Any, task: str | None = None) -> ParamRow:
        """See `rtctl.client.client.Client.set_parameter`."""
        return (await self.rpc.params_set(name=name, value=value, task=task))["param"]

    async def unset_parameter(self, name: str, task: str | None = None) -> ParamRow:
        """See `rtctl.client.client.Client.unset_parameter`."""
        return (await self.rpc.params_unset(name=name, task=task))["param"]

    async def pause_queue(self, *queues: str, reason: str = "") -> list[QueueRow]:
        """See `rtctl.client.client.Client.pause_queue`."""
        return (await self.rpc.queue_pause(queues=list(queues), reason=reason))["queues"]

    async def resume_queue(self, *queues: str) -> list[QueueRow]:
        """See `rtctl.client.client.Client.resume_queue`."""
        return (await self.rpc.queue_resume(queues=list(queues)))["queues"]

    async def set_queue_priority(self, queue: str, priority: int) -> QueueRow:
        """See `rtctl.client.client.Client.set_queue_priority`."""
        return (await self.rpc.queue_priority(queues=[queue], priority=priority))["queues"][0]
