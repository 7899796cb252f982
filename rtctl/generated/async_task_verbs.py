"""The verbs on tasks as methods.

Made by `python -m tools.generate_client` from what `rtd/protocol` declares.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from rtctl.core.call_protocols import AsyncCall, AsyncOpenStream
    from rtctl.generated.answers import (
        DisableResult,
        EnableResult,
        GraphResult,
        MissesResult,
        NextResult,
        ParamsGetResult,
        ParamsLsResult,
        ParamsSetResult,
        ParamsUnsetResult,
        TaskLogResult,
        TasksResult,
        TriggerResult,
        WhyResult,
    )


class AsyncTaskVerbs:
    """The verbs on tasks."""

    def __init__(self, call: AsyncCall, stream: AsyncOpenStream) -> None:
        self._call = call
        self._stream = stream

    async def tasks(self, *, task: str | None = None) -> TasksResult:
        """See `rtctl.generated.verbs.Verbs.tasks`."""
        answer: TasksResult = await self._call("tasks", {"task": task})
        return answer

    async def next(self, *, task: str | None = None, n: int = 10) -> NextResult:
        """See `rtctl.generated.verbs.Verbs.next`."""
        answer: NextResult = await self._call("next", {"task": task, "n": n})
        return answer

    async def why(self, *, task: str) -> WhyResult:
        """See `rtctl.generated.verbs.Verbs.why`."""
        answer: WhyResult = await self._call("why", {"task": task})
        return answer

    async def misses(
        self, *, task: str | None = None, since: float | None = None, limit: int = 100
    ) -> MissesResult:
        """See `rtctl.generated.verbs.Verbs.misses`."""
        answer: MissesResult = await self._call(
            "misses", {"task": task, "since": since, "limit": limit}
        )
        return answer

    async def enable(self, *, tasks: list[str] | None = None, all: bool = False) -> EnableResult:
        """See `rtctl.generated.verbs.Verbs.enable`."""
        answer: EnableResult = await self._call("enable", {"tasks": tasks or [], "all": all})
        return answer

    async def disable(
        self, *, tasks: list[str] | None = None, all: bool = False, reason: str = ""
    ) -> DisableResult:
        """See `rtctl.generated.verbs.Verbs.disable`."""
        answer: DisableResult = await self._call(
            "disable", {"tasks": tasks or [], "all": all, "reason": reason}
        )
        return answer

    async def trigger(self, *, task: str, params: dict[str, Any] | None = None) -> TriggerResult:
        """See `rtctl.generated.verbs.Verbs.trigger`."""
        answer: TriggerResult = await self._call(
            "trigger", {"task": task, "params": params or {}}, repeatable=False
        )
        return answer

    async def graph(self, *, task: str | None = None) -> GraphResult:
        """See `rtctl.generated.verbs.Verbs.graph`."""
        answer: GraphResult = await self._call("graph", {"task": task})
        return answer

    async def task_log(
        self,
        *,
        task: str | None = None,
        action: str | None = None,
        since: float | None = None,
        limit: int = 100,
        skip: int = 0,
    ) -> TaskLogResult:
        """See `rtctl.generated.verbs.Verbs.task_log`."""
        answer: TaskLogResult = await self._call(
            "task_log",
            {"task": task, "action": action, "since": since, "limit": limit, "skip": skip},
        )
        return answer

    async def params_ls(self, *, task: str | None = None) -> ParamsLsResult:
        """See `rtctl.generated.verbs.Verbs.params_ls`."""
        answer: ParamsLsResult = await self._call("params_ls", {"task": task})
        return answer

    async def params_get(self, *, name: str, task: str | None = None) -> ParamsGetResult:
        """See `rtctl.generated.verbs.Verbs.params_get`."""
        answer: ParamsGetResult = await self._call("params_get", {"name": name, "task": task})
        return answer

    async def params_set(
        self, *, name: str, value: Any, task: str | None = None
    ) -> ParamsSetResult:
        """See `rtctl.generated.verbs.Verbs.params_set`."""
        answer: ParamsSetResult = await self._call(
            "params_set", {"name": name, "value": value, "task": task}
        )
        return answer

    async def params_unset(self, *, name: str, task: str | None = None) -> ParamsUnsetResult:
        """See `rtctl.generated.verbs.Verbs.params_unset`."""
        answer: ParamsUnsetResult = await self._call("params_unset", {"name": name, "task": task})
        return answer
