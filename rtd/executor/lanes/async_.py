"""The `async` lane: one event loop in a thread of its own, one task of it per run."""

import asyncio
import contextvars
import threading
from collections.abc import Awaitable, Coroutine, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from rtd.executor.core.backend import Backend
from rtd.executor.core.executor_context import Tools
from rtd.executor.core.leased_run import Work
from rtd.executor.lanes.concurrent import ConcurrentLane, Going
from rtd.executor.output.capture import Capture
from rtd.executor.output.stdio_router import STREAMS
from rtd.executor.runs import outcome_of_call
from rtd.executor.runs.end_fork import end_fork
from rtd.process.board.slot import Slot
from rtd.process.fork.fork_guard import FORK_MARK
from rtd.session.core import run_context
from rtd.session.parameters.func_arg import AWAITER
from rtd.session.tasks.definition import TaskDefinition


class AsyncLane(ConcurrentLane):
    """Runs coroutines. A stop is `asyncio.Task.cancel`, so a task gets `CancelledError`."""

    def __init__(
        self, slots: Sequence[Slot], captures: Sequence[Capture], backend: Backend, tools: Tools
    ) -> None:
        super().__init__(slots, captures, backend, tools)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._serve, name="rtd-loop", daemon=True).start()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        while True:
            # What an asyncio task of the app's raised: it is that task's result, too.
            with suppress(KeyboardInterrupt, SystemExit):
                self._loop.run_forever()

    def launch(self, going: Going) -> None:
        self._loop.call_soon_threadsafe(self._begin, going)

    def ask(self, going: Going) -> None:
        self._loop.call_soon_threadsafe(self._cancel, going)

    # -- in the loop's thread ------------------------------------------------------------------

    def _begin(self, going: Going) -> None:
        variables = contextvars.copy_context()
        variables.run(run_context.enter, going.run)
        task = self._loop.create_task(self._carry_out(going), context=variables)
        self._tasks[going.work.id] = task

    def _cancel(self, going: Going) -> None:
        task = self._tasks.get(going.work.id)
        if task is not None:
            task.cancel("this run was asked to stop")

    async def _carry_out(self, going: Going) -> None:
        outcome = going.outcome
        try:
            try:
                result = await self._call(going)
            finally:
                if FORK_MARK.is_child:
                    end_fork()
        except BaseException as error:
            # A cancellation that rtd asked for becomes `terminated` in the coordinator; any
            # other is the task's own failure.
            outcome_of_call.failed(outcome, error)
        else:
            outcome_of_call.succeeded(outcome, result, self._options.result_limit_bytes)
        finally:
            del self._tasks[going.work.id]
            STREAMS.flush_pending()
            self.over(going)

    @staticmethod
    async def _call(going: Going) -> Any:
        definition = outcome_of_call.definition_of(going.work)
        params = await _parameters(going.work)
        if definition.around is not None:
            return await definition.around.carry_out_async(lambda: _execute(definition, params))
        return await _execute(definition, params)


def _execute(definition: TaskDefinition, params: dict[str, Any]) -> Awaitable[Any]:
    made = definition.target(**params)
    found: Awaitable[Any] = made.start() if definition.is_class else made
    return found


async def _parameters(work: Work) -> dict[str, Any]:
    """A function of the app's that works out a parameter must not hold up the other runs: it is
    called in a thread, and awaited in the loop if it is a coroutine function."""
    if work.filling is None or work.filling.is_quick:
        return outcome_of_call.parameters(work)
    loop = asyncio.get_running_loop()
    awaited: list[Future[Any]] = []

    def wait(found: Coroutine[Any, Any, Any]) -> Any:
        awaited.append(asyncio.run_coroutine_threadsafe(found, loop))
        return awaited[-1].result()

    AWAITER.set(wait)
    try:
        return await asyncio.to_thread(outcome_of_call.parameters, work)
    except asyncio.CancelledError:
        for future in awaited:
            future.cancel()
        raise
