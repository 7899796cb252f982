"""Background tasks of the supervisor: none ends unnoticed; one at a time; waiting for a change.

An outage, or an error of ours, may end a job in the middle. What goes on for ever begins again; of
any other job the failure is recorded, and all parts look at everything again, as after a start.
"""

import asyncio
import contextvars
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final, NamedTuple

from rtd.common.errors import InternalError, RtdError, StoreError, StoreGone
from rtd.supervisor.core.log import log, where_raised
from rtd.supervisor.core.retry import Backoff

#: A failure that has not come again for so long is over.
FORGET_S: Final = 60.0
#: The waits before a job that goes on for ever begins again.
_AGAIN_S: Final = (0.1, 20.0)
#: A job that went on for so long begins again at once.
_STABLE_S: Final = 60.0


class JobFailure(NamedTuple):
    """A part of the supervisor that has failed in the last minute; times are epoch seconds."""

    job: str
    message: str
    first_at: float
    last_at: float
    times: int


class Jobs:
    """The background tasks: all are cancelled at the end, and an error in one is a failure.

    Attributes:
        on_failure: called after each failure: what the job was to do may be left undone.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._failures: dict[str, JobFailure] = {}
        self.on_failure: Callable[[], None] = _nothing

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run `work` in the background; an error that it raises is a failure of job `name`."""
        # In a context of its own: a job that a request starts does not wait as the request does.
        context = contextvars.Context()
        task = asyncio.get_running_loop().create_task(work, name=name, context=context)
        self._tasks.add(task)
        task.add_done_callback(self._on_end)
        return task

    def start_lasting(
        self, work: Callable[[], Coroutine[Any, Any, None]], name: str
    ) -> asyncio.Task[Any]:
        """Run `work` in the background; when it raises, run it again, after a wait that grows."""
        return self.start(self._run_lasting(work, name), name)

    async def _run_lasting(self, work: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
        pause = Backoff(*_AGAIN_S)
        while True:
            began_s = time.monotonic()
            try:
                return await work()
            except Exception as error:
                self.record_failure(name, error)
                if time.monotonic() - began_s > _STABLE_S:
                    pause.reset()
                await pause.wait()

    async def stop(self) -> None:
        """Cancel all tasks and wait until they have ended."""
        self.on_failure = _nothing
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- failures

    @property
    def failures(self) -> list[JobFailure]:
        """The failures of the last minute, the latest first."""
        now_at = time.time()
        for job, failure in list(self._failures.items()):
            if now_at - failure.last_at > FORGET_S:
                del self._failures[job]
        return sorted(self._failures.values(), key=lambda one: one.last_at, reverse=True)

    def record_failure(self, job: str, error: BaseException) -> None:
        """Log the error that has ended a job, remember it for `status`, and have all parts look
        at everything again. A loss of Redis is not the job's failure, and has its own line."""
        if isinstance(error, StoreGone):
            log.info("%s waits for Redis: %s", job, error)
        else:
            log.error("%s failed", job, exc_info=error)
            now_at, before = time.time(), self._failures.get(job)
            first_at, times = (before.first_at, before.times) if before else (now_at, 0)
            message = where_raised(error)
            self._failures[job] = JobFailure(job, message, first_at, now_at, times + 1)
        self.on_failure()

    def on_loop_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Record the error of a callback of the event loop; for `set_exception_handler`."""
        error = context.get("exception")
        if isinstance(error, Exception) and "transport" not in context:
            self.record_failure("a callback", error)
        else:
            log.warning("%s", context.get("message"), exc_info=error)

    def _on_end(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if _is_answer(error):
            log.warning("%s: %s", task.get_name(), error)
        else:
            self.record_failure(task.get_name(), error)


def _is_answer(error: BaseException) -> bool:
    """Return whether an error is meant for the client that has requested the job."""
    if isinstance(error, StoreGone | StoreError | InternalError):
        return False
    return isinstance(error, RtdError)


def _nothing() -> None:
    """Do nothing: no part listens."""


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
