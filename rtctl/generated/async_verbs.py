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
        CollectResult,
        DisableResult,
        EnableResult,
        EndedResult,
        EventsResult,
        ForgetResult,
        GraphResult,
        InfoResult,
        KillResult,
        LeasesResult,
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
        ReloadRunResult,
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
    from rtctl.generated.shapes import EndedRuns, Event, LogPart, SubmitOptions


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
        request: dict[str, Any] = {"task": task}
        if params:
            request["params"] = params
        if many is not None:
            request["many"] = many
        if ids is not None:
            request["ids"] = ids
        if key is not None:
            request["key"] = key
        if options:
            request["options"] = options
        if shortcut:
            request["shortcut"] = shortcut
        answer: SubmitResult = await self._call("submit", request)
        return answer

    async def ls(
        self,
        *,
        task: str | None = None,
        state: list[str] | None = None,
        queue: str | None = None,
        labels: list[str] | None = None,
        limit: int = 50,
        since: float | None = None,
        until: float | None = None,
        ended_from: int | None = None,
    ) -> LsResult:
        """See `rtctl.generated.verbs.Verbs.ls`."""
        request: dict[str, Any] = {}
        if task is not None:
            request["task"] = task
        if state:
            request["state"] = state
        if queue is not None:
            request["queue"] = queue
        if labels:
            request["labels"] = labels
        if limit != 50:
            request["limit"] = limit
        if since is not None:
            request["since"] = since
        if until is not None:
            request["until"] = until
        if ended_from is not None:
            request["ended_from"] = ended_from
        answer: LsResult = await self._call("ls", request)
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
        request: dict[str, Any] = {"run": run}
        if attempt is not None:
            request["attempt"] = attempt
        if follow:
            request["follow"] = follow
        if lines is not None:
            request["lines"] = lines
        if since is not None:
            request["since"] = since
        if stream is not None:
            request["stream"] = stream
        if after is not None:
            request["after"] = after
        return self._stream("logs", request)

    async def wait(
        self,
        *,
        runs: list[str],
        timeout_s: float | None = None,
        any: bool = False,
        waiter: str | None = None,
    ) -> WaitResult:
        """See `rtctl.generated.verbs.Verbs.wait`."""
        request: dict[str, Any] = {"runs": runs}
        if timeout_s is not None:
            request["timeout_s"] = timeout_s
        if any:
            request["any"] = any
        if waiter is not None:
            request["waiter"] = waiter
        answer: WaitResult = await self._call("wait", request)
        return answer

    async def result(self, *, run: str) -> ResultResult:
        """See `rtctl.generated.verbs.Verbs.result`."""
        answer: ResultResult = await self._call("result", {"run": run})
        return answer

    async def kill(
        self, *, runs: list[str], grace_s: float | None = None, reason: str = ""
    ) -> KillResult:
        """See `rtctl.generated.verbs.Verbs.kill`."""
        request: dict[str, Any] = {"runs": runs}
        if grace_s is not None:
            request["grace_s"] = grace_s
        if reason:
            request["reason"] = reason
        answer: KillResult = await self._call("kill", request)
        return answer

    async def reload_run(
        self,
        *,
        run: str,
        params: dict[str, Any] | None = None,
        grace_s: float | None = None,
        reason: str = "",
    ) -> ReloadRunResult:
        """See `rtctl.generated.verbs.Verbs.reload_run`."""
        request: dict[str, Any] = {"run": run}
        if params:
            request["params"] = params
        if grace_s is not None:
            request["grace_s"] = grace_s
        if reason:
            request["reason"] = reason
        answer: ReloadRunResult = await self._call("reload_run", request, repeatable=False)
        return answer

    async def cancel(self, *, runs: list[str], reason: str = "") -> CancelResult:
        """See `rtctl.generated.verbs.Verbs.cancel`."""
        request: dict[str, Any] = {"runs": runs}
        if reason:
            request["reason"] = reason
        answer: CancelResult = await self._call("cancel", request, repeatable=False)
        return answer

    async def retry(self, *, runs: list[str], ids: list[str] | None = None) -> RetryResult:
        """See `rtctl.generated.verbs.Verbs.retry`."""
        request: dict[str, Any] = {"runs": runs}
        if ids is not None:
            request["ids"] = ids
        answer: RetryResult = await self._call("retry", request)
        return answer

    async def tasks(self, *, task: str | None = None) -> TasksResult:
        """See `rtctl.generated.verbs.Verbs.tasks`."""
        request: dict[str, Any] = {}
        if task is not None:
            request["task"] = task
        answer: TasksResult = await self._call("tasks", request)
        return answer

    async def next(
        self, *, task: str | None = None, n: int = 10, each: int | None = None
    ) -> NextResult:
        """See `rtctl.generated.verbs.Verbs.next`."""
        request: dict[str, Any] = {}
        if task is not None:
            request["task"] = task
        if n != 10:
            request["n"] = n
        if each is not None:
            request["each"] = each
        answer: NextResult = await self._call("next", request)
        return answer

    async def why(self, *, task: str) -> WhyResult:
        """See `rtctl.generated.verbs.Verbs.why`."""
        answer: WhyResult = await self._call("why", {"task": task})
        return answer

    async def misses(
        self,
        *,
        task: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int = 100,
    ) -> MissesResult:
        """See `rtctl.generated.verbs.Verbs.misses`."""
        request: dict[str, Any] = {}
        if task is not None:
            request["task"] = task
        if since is not None:
            request["since"] = since
        if until is not None:
            request["until"] = until
        if limit != 100:
            request["limit"] = limit
        answer: MissesResult = await self._call("misses", request)
        return answer

    async def enable(self, *, tasks: list[str] | None = None, all: bool = False) -> EnableResult:
        """See `rtctl.generated.verbs.Verbs.enable`."""
        request: dict[str, Any] = {}
        if tasks:
            request["tasks"] = tasks
        if all:
            request["all"] = all
        answer: EnableResult = await self._call("enable", request)
        return answer

    async def disable(
        self, *, tasks: list[str] | None = None, all: bool = False, reason: str = ""
    ) -> DisableResult:
        """See `rtctl.generated.verbs.Verbs.disable`."""
        request: dict[str, Any] = {}
        if tasks:
            request["tasks"] = tasks
        if all:
            request["all"] = all
        if reason:
            request["reason"] = reason
        answer: DisableResult = await self._call("disable", request)
        return answer

    async def trigger(self, *, task: str, params: dict[str, Any] | None = None) -> TriggerResult:
        """See `rtctl.generated.verbs.Verbs.trigger`."""
        request: dict[str, Any] = {"task": task}
        if params:
            request["params"] = params
        answer: TriggerResult = await self._call("trigger", request, repeatable=False)
        return answer

    async def graph(self, *, task: str | None = None) -> GraphResult:
        """See `rtctl.generated.verbs.Verbs.graph`."""
        request: dict[str, Any] = {}
        if task is not None:
            request["task"] = task
        answer: GraphResult = await self._call("graph", request)
        return answer

    async def params_ls(self, *, task: str | None = None) -> ParamsLsResult:
        """See `rtctl.generated.verbs.Verbs.params_ls`."""
        request: dict[str, Any] = {}
        if task is not None:
            request["task"] = task
        answer: ParamsLsResult = await self._call("params_ls", request)
        return answer

    async def params_get(self, *, name: str, task: str | None = None) -> ParamsGetResult:
        """See `rtctl.generated.verbs.Verbs.params_get`."""
        request: dict[str, Any] = {"name": name}
        if task is not None:
            request["task"] = task
        answer: ParamsGetResult = await self._call("params_get", request)
        return answer

    async def params_set(
        self, *, name: str, value: Any, task: str | None = None
    ) -> ParamsSetResult:
        """See `rtctl.generated.verbs.Verbs.params_set`."""
        request: dict[str, Any] = {"name": name, "value": value}
        if task is not None:
            request["task"] = task
        answer: ParamsSetResult = await self._call("params_set", request)
        return answer

    async def params_unset(self, *, name: str, task: str | None = None) -> ParamsUnsetResult:
        """See `rtctl.generated.verbs.Verbs.params_unset`."""
        request: dict[str, Any] = {"name": name}
        if task is not None:
            request["task"] = task
        answer: ParamsUnsetResult = await self._call("params_unset", request)
        return answer

    async def queue_ls(self) -> QueueLsResult:
        """See `rtctl.generated.verbs.Verbs.queue_ls`."""
        answer: QueueLsResult = await self._call("queue_ls", {})
        return answer

    async def queue_pause(self, *, queues: list[str], reason: str = "") -> QueuePauseResult:
        """See `rtctl.generated.verbs.Verbs.queue_pause`."""
        request: dict[str, Any] = {"queues": queues}
        if reason:
            request["reason"] = reason
        answer: QueuePauseResult = await self._call("queue_pause", request)
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
        request: dict[str, Any] = {"queue": queue}
        if reason:
            request["reason"] = reason
        answer: QueuePurgeResult = await self._call("queue_purge", request)
        return answer

    async def ended(
        self,
        *,
        before: float,
        task: str | None = None,
        limit: int = 100,
        skip: dict[str, Any] | None = None,
    ) -> EndedResult:
        """See `rtctl.generated.verbs.Verbs.ended`."""
        request: dict[str, Any] = {"before": before}
        if task is not None:
            request["task"] = task
        if limit != 100:
            request["limit"] = limit
        if skip:
            request["skip"] = skip
        answer: EndedResult = await self._call("ended", request)
        return answer

    async def forget(self, *, runs: list[str]) -> ForgetResult:
        """See `rtctl.generated.verbs.Verbs.forget`."""
        answer: ForgetResult = await self._call("forget", {"runs": runs}, repeatable=False)
        return answer

    async def leases(self, *, settle: bool = False) -> LeasesResult:
        """See `rtctl.generated.verbs.Verbs.leases`."""
        request: dict[str, Any] = {}
        if settle:
            request["settle"] = settle
        answer: LeasesResult = await self._call("leases", request)
        return answer

    def events(
        self,
        *,
        follow: bool = False,
        since: str | None = None,
        limit: int | None = 100,
        task: str | None = None,
        run: str | None = None,
        type: list[str] | None = None,
    ) -> AsyncStream[Event, EventsResult]:
        """See `rtctl.generated.verbs.Verbs.events`."""
        request: dict[str, Any] = {}
        if follow:
            request["follow"] = follow
        if since is not None:
            request["since"] = since
        if limit != 100:
            request["limit"] = limit
        if task is not None:
            request["task"] = task
        if run is not None:
            request["run"] = run
        if type:
            request["type"] = type
        return self._stream("events", request)

    def collect(
        self, *, runs: list[str], values: bool = False, any: bool = False, waiter: str | None = None
    ) -> AsyncStream[EndedRuns, CollectResult]:
        """See `rtctl.generated.verbs.Verbs.collect`."""
        request: dict[str, Any] = {"runs": runs}
        if values:
            request["values"] = values
        if any:
            request["any"] = any
        if waiter is not None:
            request["waiter"] = waiter
        return self._stream("collect", request)

    async def task_log(
        self,
        *,
        task: str | None = None,
        action: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int = 100,
        skip: int = 0,
    ) -> TaskLogResult:
        """See `rtctl.generated.verbs.Verbs.task_log`."""
        request: dict[str, Any] = {}
        if task is not None:
            request["task"] = task
        if action is not None:
            request["action"] = action
        if since is not None:
            request["since"] = since
        if until is not None:
            request["until"] = until
        if limit != 100:
            request["limit"] = limit
        if skip:
            request["skip"] = skip
        answer: TaskLogResult = await self._call("task_log", request)
        return answer

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
        request: dict[str, Any] = {}
        if grace_s is not None:
            request["grace_s"] = grace_s
        if keep_running:
            request["keep_running"] = keep_running
        answer: ShutdownResult = await self._call("shutdown", request, repeatable=False)
        return answer
