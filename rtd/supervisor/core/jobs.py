"""Background tasks of the supervisor: all of them, one at a time, and waiting for a change."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from rtd.supervisor.core.log import log


class Jobs:
    """The background tasks: all are cancelled at the end, and an error in one is logged."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run `work` in the background; an error that it raises is logged under `name`."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._on_end)
        return task

    async def stop(self) -> None:
        """Cancel all tasks and wait until they have ended."""
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _on_end(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s failed", task.get_name(), exc_info=error)


class SingleFlight:
    """Runs a step at most once at a time, and once more if it is requested meanwhile.

    So a request is never lost: the step runs from its beginning after each request, and
    requests that come while it runs share the next one. An error of the step is logged. Once
    the step was cancelled, it is never run again: the supervisor ends.

    Args:
        jobs: run the step in the background.
        name: of the background task, for the log.
        step: what to do.
    """

    def __init__(
        self, jobs: Jobs, name: str, step: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        self._jobs = jobs
        self._name = name
        self._step = step
        self._is_requested = False
        self._is_running = False

    def request(self) -> None:
        """Run the step soon, after the one that runs now has ended."""
        self._is_requested = True
        if not self._is_running:
            self._is_running = True
            self._jobs.start(self._run(), self._name)

    async def _run(self) -> None:
        try:
            while self._is_requested:
                self._is_requested = False
                await self._step()
        except Exception:
            self._is_running = False
            if self._is_requested:
                self.request()
            raise
        self._is_running = False


class ChangeSignal:
    """Wakes all that wait for the next change."""

    def __init__(self) -> None:
        self._next: asyncio.Future[None] | None = None

    def notify(self) -> None:
        """Something has changed."""
        if self._next is not None:
            self._next.set_result(None)
            self._next = None

    async def wait(self, timeout_s: float | None = None, *others: "asyncio.Future[Any]") -> None:
        """Wait for the next change, for one of the other futures, or until the time is over."""
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        # The waiters share the future: `asyncio.wait` does not cancel it with one of them.
        await asyncio.wait(
            (self._next, *others), timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
        )
