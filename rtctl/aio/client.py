"""The client of asyncio programs."""

from __future__ import annotations

from time import monotonic

from rtctl.aio.connection_pool import AsyncConnectionPool
from rtctl.aio.run import AsyncRun
from rtctl.client import bulk_submit
from rtctl.client.connection import ConnectionLost
from rtctl.client.run import single_outcome
from rtctl.client.submit_options import to_wire
from rtd.common.errors import RtdError, WaitTimeout
from rtd.common.ids import new_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
    from types import TracebackType
    from typing import Any, Unpack

    from rtctl.client.submit_options import RunOptions
    from rtctl.generated.answers import InfoResult, PingResult
    from rtctl.generated.async_verbs import AsyncVerbs
    from rtctl.generated.shapes import Event, Outcome, ParamRow, QueueRow, TaskRow

__all__ = ["AsyncBoundTask", "AsyncClient", "AsyncRun"]


class AsyncClient:
    """A daemon, as an asyncio program uses it. See `Client`; here every call is awaited.

        async with AsyncClient() as rt:
            run = await rt.submit("report", day="2026-01-31")
            print(await (await run.wait(timeout=60)).result())

    Args:
        address: path of the control socket; None: as `Client`.
        reconnect_s: how long a daemon that was there may be away before a call fails.
    """

    def __init__(
        self, address: str | os.PathLike[str] | None = None, *, reconnect_s: float = 5.0
    ) -> None:
        self._pool = AsyncConnectionPool(address, reconnect_s)
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
        """Hang up. Runs go on; the client may be used again."""
        await self._pool.aclose()

    # --- making runs

    async def submit(self, task: str, /, **params: Any) -> AsyncRun:
        """See `Client.submit`."""
        return await self.submit_with(task, params, {})

    def task(self, name: str, /, **options: Unpack[RunOptions]) -> AsyncBoundTask:
        """See `Client.task`: `await rt.task("report", timeout="10m").submit(day=...)`."""
        return AsyncBoundTask(self, name, options)

    async def command(self, *argv: str, options: RunOptions | None = None, **how: Any) -> AsyncRun:
        """See `Client.command`."""
        return await self.submit_with("command", {"argv": list(argv), **how}, options or {})

    async def submit_with(
        self, task: str, params: Mapping[str, Any], options: Mapping[str, Any]
    ) -> AsyncRun:
        """As `submit`, with the parameters and the options as maps."""
        key, plain = to_wire(options)
        answer = await self.rpc.submit(
            task=task,
            params=dict(params),
            ids=None if key else [new_id()],
            key=key,
            options=plain,  # type: ignore[arg-type]  # the daemon checks them
        )
        return AsyncRun(self, answer["ids"][0], task, answer["created"][0])

    async def submit_many(
        self,
        task: str,
        params: Iterable[Mapping[str, Any]],
        options: Mapping[str, Any] | None = None,
    ) -> list[AsyncRun]:
        """See `Client.submit_many`. Chunks are sent one after the other."""
        _, plain = to_wire(bulk_submit.check_options(options or {}))
        made: list[AsyncRun] = []
        for chunk in bulk_submit.chunks(task, params, plain):
            try:
                answer = await self.rpc.submit(**chunk)
            except RtdError as error:
                raise bulk_submit.with_count(error, len(made)) from None
            pairs = zip(answer["ids"], answer["created"], strict=True)
            made += (AsyncRun(self, run_id, task, new) for run_id, new in pairs)
        return made

    # --- reading

    async def ls(
        self,
        task: str | None = None,
        state: str | Sequence[str] = (),
        queue: str | None = None,
        limit: int = 50,
    ) -> list[AsyncRun]:
        """See `Client.ls`."""
        states = [state] if isinstance(state, str) else list(state)
        rows = (await self.rpc.ls(task=task, state=states, queue=queue, limit=limit))["runs"]
        return [AsyncRun(self, row["id"], row["task"]).learn(row) for row in rows]

    async def get(self, run: str) -> AsyncRun:
        """See `Client.get`."""
        row = (await self.rpc.show(run=run))["row"]
        return AsyncRun(self, row["id"], row["task"]).learn(row)

    async def tasks(self) -> list[TaskRow]:
        """See `Client.tasks`."""
        return (await self.rpc.tasks())["tasks"]

    async def parameters(self, task: str | None = None) -> list[ParamRow]:
        """See `Client.parameters`."""
        return (await self.rpc.params_ls(task=task))["params"]

    async def queues(self) -> list[QueueRow]:
        """See `Client.queues`."""
        return (await self.rpc.queue_ls())["queues"]

    async def info(self) -> InfoResult:
        """See `Client.info`."""
        return await self.rpc.info()

    async def ping(self) -> PingResult:
        """See `Client.ping`."""
        return await self.rpc.ping()

    async def events(
        self, follow: bool = False, since: str | None = None, limit: int = 100
    ) -> AsyncIterator[Event]:
        """See `Client.events`: `async for event in rt.events(follow=True)`."""
        parts = self.rpc.events(follow=follow, since=since, limit=limit)
        try:
            async for part in parts:
                yield part
        finally:
            await parts.aclose()

    # --- changing

    async def wait(
        self, runs: Sequence[AsyncRun | str], timeout: float | None = None, any: bool = False
    ) -> list[AsyncRun]:
        """See `Client.wait`."""
        targets = [_id(run) for run in runs]
        deadline = None if timeout is None else monotonic() + timeout
        while True:
            left_s = None if deadline is None else max(deadline - monotonic(), 0.0)
            try:
                rows = (await self.rpc.wait(runs=targets, timeout_s=left_s, any=any))["runs"]
                break
            except ConnectionLost:
                if left_s == 0.0:
                    raise WaitTimeout(f"not over within {timeout:g} s") from None
        return [
            (run if isinstance(run, AsyncRun) else AsyncRun(self, row["id"], row["task"])).learn(
                row
            )
            for run, row in zip(runs, rows, strict=True)
        ]

    async def kill(
        self, *runs: AsyncRun | str, grace: float | None = None, reason: str = ""
    ) -> list[Outcome]:
        """See `Client.kill`."""
        targets = [_id(run) for run in runs]
        return (await self.rpc.kill(runs=targets, grace_s=grace, reason=reason))["runs"]

    async def cancel(self, *runs: AsyncRun | str, reason: str = "") -> list[Outcome]:
        """See `Client.cancel`."""
        return (await self.rpc.cancel(runs=[_id(run) for run in runs], reason=reason))["runs"]

    async def retry(self, run: AsyncRun | str) -> AsyncRun:
        """See `Client.retry`."""
        outcome = single_outcome((await self.rpc.retry(runs=[_id(run)], ids=[new_id()]))["runs"])
        assert outcome["new"] is not None
        return await self.get(outcome["new"])

    async def set_parameter(self, name: str, value: Any, task: str | None = None) -> ParamRow:
        """See `Client.set_parameter`."""
        return (await self.rpc.params_set(name=name, value=value, task=task))["param"]

    async def unset_parameter(self, name: str, task: str | None = None) -> ParamRow:
        """See `Client.unset_parameter`."""
        return (await self.rpc.params_unset(name=name, task=task))["param"]

    async def pause_queue(self, *queues: str, reason: str = "") -> list[QueueRow]:
        """See `Client.pause_queue`."""
        return (await self.rpc.queue_pause(queues=list(queues), reason=reason))["queues"]

    async def resume_queue(self, *queues: str) -> list[QueueRow]:
        """See `Client.resume_queue`."""
        return (await self.rpc.queue_resume(queues=list(queues)))["queues"]


class AsyncBoundTask:
    """See `BoundTask`."""

    def __init__(self, client: AsyncClient, name: str, options: Mapping[str, Any]) -> None:
        self._client = client
        self._options = dict(options)
        self.name = name

    def options(self, **options: Unpack[RunOptions]) -> AsyncBoundTask:
        """The same task with these options on top."""
        return AsyncBoundTask(self._client, self.name, {**self._options, **options})

    async def submit(self, /, **params: Any) -> AsyncRun:
        """Queue a run with these parameters."""
        return await self._client.submit_with(self.name, params, self._options)

    async def submit_many(self, params: Iterable[Mapping[str, Any]]) -> list[AsyncRun]:
        """Queue a run for each of these."""
        return await self._client.submit_many(self.name, params, self._options)


def _id(run: AsyncRun | str) -> str:
    return run if isinstance(run, str) else run.id
