"""A run as an asyncio program sees it."""

from __future__ import annotations

from rtctl.client.errors import NotEnded, RunFailed, state_phrase
from rtctl.client.output_lines import Line, LineAssembler
from rtctl.client.run import single_outcome
from rtd.model.run_states import TERMINAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Any

    from rtctl.aio.client import AsyncClient
    from rtctl.generated.shapes import Row


class AsyncRun:
    """One run. As `Run`, but what asks the daemon is awaited: `await run.state()`.

    Attributes:
        id: its id.
        task: the name of its task.
        created: false when a submit found that it existed already; None when it came from
            elsewhere.
        row: what was last heard of it, or None.
    """

    __slots__ = ("_client", "created", "id", "row", "task")

    def __init__(
        self, client: AsyncClient, run_id: str, task: str, created: bool | None = None
    ) -> None:
        self._client = client
        self.row: Row | None = None
        self.id = run_id
        self.task = task
        self.created = created

    def __repr__(self) -> str:
        state = f" {self.row['state']}" if self.row else ""
        return f"<AsyncRun {self.id} {self.task}{state}>"

    def learn(self, row: Row) -> AsyncRun:
        """Take what the daemon said of it."""
        self.row = row
        self.id, self.task = row["id"], row["task"]
        return self

    @property
    def ended(self) -> bool:
        """Whether it is known to be over, without asking."""
        return self.row is not None and self.row["state"] in TERMINAL

    async def refresh(self) -> AsyncRun:
        """Ask the daemon for `row` anew, unless the run is over. Raises NoSuchRun."""
        if not self.ended:
            self.learn((await self._client.rpc.show(run=self.id))["row"])
        return self

    async def _row(self) -> Row:
        await self.refresh()
        assert self.row is not None
        return self.row

    async def state(self) -> str:
        """See `Run.state`."""
        return (await self._row())["state"]

    async def error(self) -> str | None:
        """See `Run.error`."""
        row = await self._row()
        if not self.ended or row["state"] == "succeeded":
            return None
        return row["why"] or state_phrase(row["state"])

    async def result(self) -> Any:
        """See `Run.result`."""
        answer = await self._client.rpc.result(run=self.id)
        if answer["state"] == "succeeded":
            return answer["value"]
        if answer["state"] in TERMINAL:
            raise RunFailed(self.id, answer)
        raise NotEnded(f"run {self.id} is {answer['state']}: it has no result yet; wait() first")

    async def wait(self, timeout: float | None = None) -> AsyncRun:
        """See `Run.wait`."""
        return (await self._client.wait([self], timeout=timeout))[0]

    async def kill(
        self, grace: float | None = None, reason: str = ""
    ) -> list[tuple[int, str, str]]:
        """See `Run.kill`."""
        answer = await self._client.rpc.kill(runs=[self.id], grace_s=grace, reason=reason)
        return [(pid, name, how) for pid, name, how in single_outcome(answer["runs"])["pids"]]

    async def cancel(self, reason: str = "") -> None:
        """See `Run.cancel`."""
        single_outcome((await self._client.rpc.cancel(runs=[self.id], reason=reason))["runs"])

    async def retry(self) -> AsyncRun:
        """See `Run.retry`."""
        return await self._client.retry(self)

    async def logs(
        self,
        follow: bool = False,
        stream: str | None = None,
        attempt: int | None = None,
        lines: int | None = None,
    ) -> AsyncIterator[Line]:
        """See `Run.logs`: `async for line in run.logs(follow=True)`."""
        parts = self._client.rpc.logs(
            run=self.id, follow=follow, stream=stream, attempt=attempt, lines=lines
        )
        assembler = LineAssembler()
        try:
            async for part in parts:
                for line in assembler.feed(part):
                    yield line
        finally:
            await parts.aclose()
        for line in assembler.finish():
            yield line
