"""The verbs of the protocol as methods.

Made by `python -m tools.generate_client` from what `rtd/protocol` declares.
"""

from __future__ import annotations

from rtctl.generated.async_task_verbs import AsyncTaskVerbs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from rtctl.core.call_protocols import AsyncStream
    from rtctl.generated.answers import (
        CancelResult,
        EventsResult,
        InfoResult,
        KillResult,
        LogsResult,
        LsResult,
        PingResult,
        QueueLsResult,
        QueuePauseResult,
        QueuePurgeResult,
        QueueResumeResult,
        ReloadResult,
        ResultResult,
        RetryResult,
        ShowResult,
        ShutdownResult,
        StatusResult,
        SubmitResult,
        WaitResult,
    )
    from rtctl.generated.shapes import Event, LogPart, SubmitOptions


class AsyncVerbs(AsyncTaskVerbs):
    """The same for asyncio."""

    async def ping(self) -> PingResult:
        """See `rtctl.generated.verbs.Verbs.ping`."""
        answer: PingResult = await self._call("ping", {})
        return answer

    async def info(self) -> InfoResult:
        """See `rtctl.generated.verbs.Verbs.info`."""
        answer: InfoResult = await self._call("info", {})
        return answer

    async def status(self) -> StatusResult:
        """See `rtctl.generated.verbs.Verbs.status`."""
        answer: StatusResult = await self._call("status", {})
        return answer

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
    ) -> LsResult:
        """See `rtctl.generated.verbs.Verbs.ls`."""
        answer: LsResult = await self._call(
            "ls",
            {"task": task, "state": state or [], "queue": queue, "limit": limit, "since": since},
        )
        return answer

    async def show(self, *, run: str) -> ShowResult:
        """See `rtctl.generated.verbs.Verbs.show`."""
        answer: ShowResult = await self._call("show", {"run": run})
        return answer

    async def result(self, *, run: str) -> ResultResult:
        """See `rtctl.generated.verbs.Verbs.result`."""
        answer: ResultResult = await self._call("result", {"run": run})
        return answer

    async def wait(
        self, *, runs: list[str], timeout_s: float | None = None, any: bool = False
    ) -> WaitResult:
        """See `rtctl.generated.verbs.Verbs.wait`."""
        answer: WaitResult = await self._call(
            "wait", {"runs": runs, "timeout_s": timeout_s, "any": any}
        )
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

    def logs(
        self,
        *,
        run: str,
        attempt: int | None = None,
        follow: bool = False,
        lines: int | None = None,
        since: float | None = None,
        stream: str | None = None,
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
            },
        )

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

    async def queue_purge(self, *, queue: str, reason: str = "") -> QueuePurgeResult:
        """See `rtctl.generated.verbs.Verbs.queue_purge`."""
        answer: QueuePurgeResult = await self._call(
            "queue_purge", {"queue": queue, "reason": reason}
        )
        return answer

    async def reload(self) -> ReloadResult:
        """See `rtctl.generated.verbs.Verbs.reload`."""
        answer: ReloadResult = await self._call("reload", {})
        return answer

    async def shutdown(
        self, *, grace_s: float | None = None, keep_running: bool = False
    ) -> ShutdownResult:
        """See `rtctl.generated.verbs.Verbs.shutdown`."""
        answer: ShutdownResult = await self._call(
            "shutdown", {"grace_s": grace_s, "keep_running": keep_running}, repeatable=False
        )
        return answer
