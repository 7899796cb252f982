"""The asyncio twin of `rtctl.client.bound_task`.

Made by `python -m tools.generate_client` from `rtctl/client/bound_task.py`.
"""

from __future__ import annotations

from rtctl.core.check_argument import refuse_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, Never, Protocol, Unpack

    from rtctl.aio.run import AsyncRun
    from rtctl.generated.run_options import RunOptions

    class AsyncTaskSubmitter(Protocol):
        """The methods of a client that a bound task calls."""

        async def submit_with(
            self, task: str, params: Mapping[str, Any], options: Mapping[str, Any]
        ) -> AsyncRun: ...

        async def submit_many(
            self, task: str, params: Iterable[Mapping[str, Any]], options: Mapping[str, Any]
        ) -> list[AsyncRun]: ...


class AsyncBoundTask:
    """See `rtctl.client.bound_task.BoundTask`."""

    def __init__(
        self, submitter: AsyncTaskSubmitter, name: str, options: Mapping[str, Any]
    ) -> None:
        self._submitter = submitter
        self._options = dict(options)
        self.name = name

    def __repr__(self) -> str:
        return f"<task {self.name} {self._options}>"

    def options(self, **options: Unpack[RunOptions]) -> AsyncBoundTask:
        """See `rtctl.client.bound_task.BoundTask.options`."""
        return AsyncBoundTask(self._submitter, self.name, {**self._options, **options})

    async def submit(self, /, *values: Never, **params: Any) -> AsyncRun:
        """See `rtctl.client.bound_task.BoundTask.submit`."""
        refuse_values(values)
        return await self._submitter.submit_with(self.name, params, self._options)

    async def submit_many(self, params: Iterable[Mapping[str, Any]]) -> list[AsyncRun]:
        """See `rtctl.client.bound_task.BoundTask.submit_many`."""
        return await self._submitter.submit_many(self.name, params, self._options)
