"""The asyncio twin of `rtctl.client.run`.

Made by `python -m tools.generate_client` from `rtctl/client/run.py`.
"""

from __future__ import annotations

from time import monotonic

from rtctl.client.connection import ConnectionLost
from rtctl.client.errors import RunFailed, single_outcome
from rtctl.client.output_lines import Line, LineAssembler
from rtctl.client.run_base import RunBase, dict_of, error_of
from rtctl.core.deadline import left_of
from rtd.model.run_states import TERMINAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Any, Protocol

    from rtctl.generated.async_verbs import AsyncVerbs
    from rtctl.generated.shapes import Progress, Row

    class AsyncRunSource(Protocol):
        """The parts of a client that a run uses."""

        @property
        def rpc(self) -> AsyncVerbs: ...

        def rpc_within(self, timeout: float | None) -> AsyncVerbs: ...

        async def wait(self, runs: AsyncRun, timeout: float | None = None) -> list[AsyncRun]: ...

        async def retry(self, run: AsyncRun | str) -> AsyncRun: ...


class AsyncRun(RunBase):
    """One run. As `Run`, but what calls the daemon is awaited: `await run.state()`.

    `row` is the row of the run as last read from the daemon, or None.
    """

    __slots__ = ("_source",)

    def __init__(
        self, source: AsyncRunSource, run_id: str, task: str, created: bool | None = None
    ) -> None:
        super().__init__(run_id, task, created)
        self._source = source

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AsyncRun) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def rpc(self) -> AsyncVerbs:
        """See `rtctl.client.run.Run.rpc`."""
        return self._source.rpc

    async def refresh(self) -> AsyncRun:
        """See `rtctl.client.run.Run.refresh`."""
        if not self.ended:
            self.learn((await self._source.rpc.show(run=self.id))["row"])
        return self

    async def _row_now(self) -> Row:
        await self.refresh()
        assert self._row is not None
        return self._row

    async def state(self) -> str:
        """See `rtctl.client.run.Run.state`."""
        return (await self._row_now())["state"]

    async def progress(self) -> Progress | None:
        """See `rtctl.client.run.Run.progress`."""
        return (await self._row_now())["progress"]

    async def error(self) -> str | None:
        """See `rtctl.client.run.Run.error`."""
        return error_of(await self._row_now())

    async def to_dict(self) -> dict[str, Any]:
        """See `rtctl.client.run.Run.to_dict`."""
        row = await self._row_now()
        result = await self.result(0) if row["state"] == "succeeded" else None
        return dict_of(row, result)

    async def result(self, timeout: float | None = None) -> Any:
        """See `rtctl.client.run.Run.result`."""
        answer = self._answer
        if answer is None:
            rpc = self._source.rpc_within(timeout)
            began = monotonic()
            answer = await rpc.result(run=self.id)
            if answer["state"] not in TERMINAL:
                await self.wait(left_of(timeout, began))
                answer = await rpc.result(run=self.id)
        if answer["state"] == "succeeded":
            return answer["value"]
        raise RunFailed(self.id, answer)

    async def wait(self, timeout: float | None = None) -> AsyncRun:
        """See `rtctl.client.run.Run.wait`."""
        await self._source.wait(self, timeout=timeout)
        return self

    async def kill(
        self, grace: float | None = None, reason: str = ""
    ) -> list[tuple[int, str, str]]:
        """See `rtctl.client.run.Run.kill`."""
        answer = await self._source.rpc.kill(runs=[self.id], grace_s=grace, reason=reason)
        return [(pid, name, how) for pid, name, how in single_outcome(answer["runs"])["pids"]]

    async def reload(self, /, **params: Any) -> AsyncRun:
        """See `rtctl.client.run.Run.reload`."""
        await self._source.rpc.reload_run(run=self.id, params=params)
        return self

    async def cancel(self, reason: str = "") -> None:
        """See `rtctl.client.run.Run.cancel`."""
        single_outcome((await self._source.rpc.cancel(runs=[self.id], reason=reason))["runs"])

    async def retry(self) -> AsyncRun:
        """See `rtctl.client.run.Run.retry`."""
        return await self._source.retry(self)

    async def logs(
        self,
        follow: bool = False,
        stream: str | None = None,
        attempt: int | None = None,
        lines: int | None = None,
    ) -> AsyncIterator[Line]:
        """See `rtctl.client.run.Run.logs`. Iterate with `async for`."""
        parts = self._source.rpc.logs(
            run=self.id, follow=follow, stream=stream, attempt=attempt, lines=lines
        )
        assembler = LineAssembler()
        try:
            async for part in parts:
                for item in assembler.feed(part):
                    yield item
        except ConnectionLost:
            for item in assembler.finish():
                yield item
            raise
        finally:
            await parts.aclose()
        for item in assembler.finish():
            yield item
