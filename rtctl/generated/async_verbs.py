"""The verbs of the protocol as methods.

Made by `python -m tools.generate_client` from what `rtd/protocol` declares.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from rtctl.core.call_protocols import AsyncCall, AsyncOpenStream, AsyncStream
    from rtctl.generated.answers import (
        CancelResult,
        DisableResult,
        EnableResult,
        EventsResult,
        GraphResult,
        InfoResult,
        KillResult,
        LogsResult,
        LsResult,
        MissesResult,
        NextResult,
        ParamsGetResult,
        ParamsLsResult,
        ParamsSetResult,
        ParamsUnsetResult,
        PingResult,
        QueueLsResult,
        QueuePauseResult,
        QueuePriorityResult,
        QueuePurgeResult,
        QueueResumeResult,
        ReloadResult,
        ResultResult,
        RetryResult,
        ShowResult,
        ShutdownResult,
        StatusResult,
        SubmitResult,
        TaskLogResult,
        TasksResult,
        TriggerResult,
        WaitResult,
        WhyResult,
    )
    from rtctl.generated.shapes import Event, LogPart, SubmitOptions


class AsyncVerbs:
    """The same for asyncio."""

    def __init__(self, call: AsyncCall, stream: AsyncOpenStream) -> None:
        self._call = call
        self._stream = stream

    async def submit(
        self,
        *,
        task: str,
        params: dict[str, Any] | None = None,
        many: list[dict[str, Any]] | None = None,
        ids: list[str] | None = None,
        key: str | None = None,
        options: SubmitOptions | None = None,
        shortcut: bool = False,
    ) -> SubmitResult:
        """See `rtctl.generated.verbs.Verbs.submit`."""
        answer: SubmitResult = await self._call(
            "submit",
            {
                "task": task,
                "params": params or {},
                "many": many,
                "ids": ids,
                "key": key,
                "options": options or {},
                "shortcut": shortcut,
            },
        )
        return answer

    async def ls(
        self,
        *,
        task: str | None = None,
        state: list[str] | None = None,
        queue: str | None = None,
        limit: int = 50,
        since: float | None = None,
        ended_from: int | None = None,
    ) -> LsResult:
        """See `rtctl.generated.verbs.Verbs.ls`."""
        answer: LsResult = await self._call(
            "ls",
            {
                "task": task,
                "state": state or [],
                "queue": queue,
                "limit": limit,
                "since": since,
                "ended_from": ended_from,
            },
        )
        return answer

    async def show(self, *, run: str) -> ShowResult:
        """See `rtctl.generated.verbs.Verbs.show`."""
        answer: ShowResult = await self._call("show", {"run": run})
        return answer

    def logs(
        self,
        *,
        run: str,
        attempt: int | None = None,
        follow: bool = False,
        lines: int | None = None,
        since: float | None = None,
        stream: str | None = None,
        after: list[int] | None = None,
    ) -> AsyncStream[LogPart, LogsResult]:
        """See `rtctl.generated.verbs.Verbs.logs`."""
        return self._stream(
            "logs",
            {
                "run": run,
                "attempt": attempt,
                "follow": follow,
                "lines": lines,
                "since": since,
                "stream": stream,
                "after": after,
            },
        )

    async def wait(
        self, *, runs: list[str], timeout_s: float | None = None, any: bool = False
    ) -> WaitResult:
        """See `rtctl.generated.verbs.Verbs.wait`."""
        answer: WaitResult = await self._call(
            "wait", {"runs": runs, "timeout_s": timeout_s, "any": any}
        )
        return answer

    async def result(self, *, run: str) -> ResultResult:
        """See `rtctl.generated.verbs.Verbs.result`."""
        answer: ResultResult = await self._call("result", {"run": run})
        return answer

    async def kill(
        self, *, runs: list[str], grace_s: float | None = None, reason: str = ""
    ) -> KillResult:
        """See `rtctl.generated.verbs.Verbs.kill`."""
        answer: KillResult = await self._call(
            "kill", {"runs": runs, "grace_s": grace_s, "reason": reason}
        )
        return answer

    async def cancel(self, *, runs: list[str], reason: str = "") -> CancelResult:
        """See `rtctl.generated.verbs.Verbs.cancel`."""
        answer: CancelResult = await self._call(
            "cancel", {"runs": runs, "reason": reason}, repeatable=False
        )
        return answer

    async def retry(self, *, runs: list[str], ids: list[str] | None = None) -> RetryResult:
        """See `rtctl.generated.verbs.Verbs.retry`."""
        answer: RetryResult = await self._call("retry", {"runs": runs, "ids": ids})
        return answer

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

    async def queue_ls(self) -> QueueLsResult:
        """See `rtctl.generated.verbs.Verbs.queue_ls`."""
        answer: QueueLsResult = await self._call("queue_ls", {})
        return answer

    async def queue_pause(self, *, queues: list[str], reason: str = "") -> QueuePauseResult:
        """See `rtctl.generated.verbs.Verbs.queue_pause`."""
        answer: QueuePauseResult = await self._call(
            "queue_pause", {"queues": queues, "reason": reason}
        )
        return answer

    async def queue_resume(self, *, queues: list[str]) -> QueueResumeResult:
        """See `rtctl.generated.verbs.Verbs.queue_resume`."""
        answer: QueueResumeResult = await self._call("queue_resume", {"queues": queues})
        return answer

    async def queue_priority(self, *, queues: list[str], priority: int) -> QueuePriorityResult:
        """See `rtctl.generated.verbs.Verbs.queue_priority`."""
        answer: QueuePriorityResult = await self._call(
            "queue_priority", {"queues": queues, "priority": priority}
        )
        return answer

    async def queue_purge(self, *, queue: str, reason: str = "") -> QueuePurgeResult:
        """See `rtctl.generated.verbs.Verbs.queue_purge`."""
        answer: QueuePurgeResult = await self._call(
            "queue_purge", {"queue": queue, "reason": reason}
        )
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

    def events(
        self,
        *,
        follow: bool = False,
        since: str | None = None,
        limit: int = 100,
        task: str | None = None,
        run: str | None = None,
    ) -> AsyncStream[Event, EventsResult]:
        """See `rtctl.generated.verbs.Verbs.events`."""
        return self._stream(
            "events", {"follow": follow, "since": since, "limit": limit, "task": task, "run": run}
        )

    async def status(self) -> StatusResult:
        """See `rtctl.generated.verbs.Verbs.status`."""
        answer: StatusResult = await self._call("status", {})
        return answer

    async def info(self) -> InfoResult:
        """See `rtctl.generated.verbs.Verbs.info`."""
        answer: InfoResult = await self._call("info", {})
        return answer

    async def reload(self) -> ReloadResult:
        """See `rtctl.generated.verbs.Verbs.reload`."""
        answer: ReloadResult = await self._call("reload", {})
        return answer

    async def ping(self) -> PingResult:
        """See `rtctl.generated.verbs.Verbs.ping`."""
        answer: PingResult = await self._call("ping", {})
        return answer

    async def shutdown(
        self, *, grace_s: float | None = None, keep_running: bool = False
    ) -> ShutdownResult:
        """See `rtctl.generated.verbs.Verbs.shutdown`."""
        answer: ShutdownResult = await self._call(
            "shutdown", {"grace_s": grace_s, "keep_running": keep_running}, repeatable=False
        )
        return answer
