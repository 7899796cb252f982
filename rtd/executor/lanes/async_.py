"""The `async` lane: one event loop in a thread of its own, one task of it per run."""

import asyncio
import contextvars
import inspect
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final

from rtd.common.stdlib.originals import originals_in_place, os, threading
from rtd.executor.core.leased_run import LeasedRun
from rtd.executor.lanes.base_lane import LaneParts
from rtd.executor.lanes.concurrent import ConcurrentLane
from rtd.executor.runs import outcome_of_call
from rtd.executor.runs.call_task import call_async_task
from rtd.executor.runs.concurrent_run import ConcurrentRun
from rtd.executor.runs.resolve_in_loop import resolve_in_loop
from rtd.executor.runs.run_in_main_thread import end_fork
from rtd.executor.runs.run_threads import LoopPool
from rtd.process.fork.fork import EXIT_FDS_CLOSED
from rtd.process.fork.fork_guard import FORK_GUARD
from rtd.session.context import run_context

_ASKED: Final = "this run was asked to stop"


class AsyncLane(ConcurrentLane):
    """Runs coroutines. A stop is `asyncio.Task.cancel`, so that a coroutine gets `CancelledError`;
    or the `stop` of a class task, called in the event loop."""

    def __init__(self, parts: LaneParts) -> None:
        super().__init__(parts)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._contexts: dict[str, contextvars.Context] = {}
        #: The calls of `stop` of class tasks; the loop itself forgets tasks.
        self._stopping: set[asyncio.Task[None]] = set()
        #: A task has closed descriptors, so the loop ends at its next wait; and it has ended.
        self._loop_spoiled = self._loop_ended = False
        with originals_in_place():
            self._loop = asyncio.new_event_loop()
            self._loop.set_default_executor(LoopPool(thread_name_prefix="asyncio"))
            self._loop.set_task_factory(_new_task)  # type: ignore[arg-type]
            threading.Thread(target=self._run_loop, name="rtd-loop", daemon=True).start()

    def _run_loop(self) -> None:
        asyncio.set_event_loop(self._loop)
        while True:
            # Raised by an asyncio task of the app, which keeps it as its result, too.
            with suppress(KeyboardInterrupt, SystemExit):
                try:
                    self._loop.run_forever()
                except OSError:  # a task has closed the descriptors of the loop
                    self._loop_ended = True
                    self._wake()
                    return

    def _replace_fds(self) -> None:
        super()._replace_fds()
        self._loop_spoiled = True

    def start(self, works: Sequence[LeasedRun]) -> None:
        if self._loop_spoiled or self._loop_ended:
            self._on_spoiled()
            self._backend.give_back(list(works))
        else:
            super().start(works)

    def collect(self) -> None:
        ended = self._loop_ended  # asked before: what runs in the loop ends before the loop does
        super().collect()
        if ended:
            self._on_spoiled()
            if self.running_count():
                # They cannot go on. What has ended is known.
                self._backend.exchange(0)
                os._exit(EXIT_FDS_CLOSED)

    def launch(self, active: ConcurrentRun) -> None:
        self._loop.call_soon_threadsafe(self._begin, active)

    def call_in_loop(self, call: Callable[[], None]) -> bool:
        self._loop.call_soon_threadsafe(call)
        return True

    def request_stop(self, active: ConcurrentRun) -> None:
        self._loop.call_soon_threadsafe(self._cancel, active)

    # -- in the loop's thread ------------------------------------------------------------------

    def _begin(self, active: ConcurrentRun) -> None:
        variables = contextvars.copy_context()
        variables.run(run_context.enter_run, active.current_run)
        task = self._loop.create_task(self._execute_run(active), context=variables)
        self._tasks[active.leased_run.id] = task
        self._contexts[active.leased_run.id] = variables

    def _cancel(self, active: ConcurrentRun) -> None:
        task = self._tasks.get(active.leased_run.id)
        if task is None:
            return
        if active.thread is None:  # cancelled before its first step, it would never be entered
            self._loop.call_soon(self._cancel, active)
            return
        if active.own_stop is None:
            task.cancel(_ASKED)
            return
        variables = self._contexts[active.leased_run.id]
        stopping = self._loop.create_task(_call_own_stop(active, task), context=variables)
        active.current_run.add_started(stopping)
        self._stopping.add(stopping)
        stopping.add_done_callback(self._stopping.discard)

    async def _execute_run(self, active: ConcurrentRun) -> None:
        active.thread = threading.get_ident()
        outcome = active.outcome
        limit_bytes = self._options.result_limit_bytes
        raised: BaseException | None = None
        try:
            try:
                result = await _call(active)
                outcome_of_call.record_success(outcome, result, limit_bytes)
            finally:
                if FORK_GUARD.is_child:
                    end_fork()
        except BaseException as error:
            # A cancellation that rtd asked for becomes `terminated` in the coordinator; any
            # other is the task's own failure.
            raised = error
            outcome_of_call.record_failure(outcome, error, is_stop=active.stop_requested)
        try:
            if active.delivers_outcome():
                from rtd.executor.runs.run_middleware_async import (
                    deliver_outcome_async,  # lazy: most apps have none
                )

                await deliver_outcome_async(outcome, raised, limit_bytes)
        finally:
            del self._tasks[active.leased_run.id], self._contexts[active.leased_run.id]
            self.on_finished(active)


async def _call(active: ConcurrentRun) -> Any:
    definition = outcome_of_call.find_definition(active.leased_run)
    if definition.is_plain:
        return await definition.target(**await resolve_in_loop(active.leased_run))
    return await call_async_task(
        definition, active.leased_run, active.outcome, active, resolve_in_loop
    )


async def _call_own_stop(active: ConcurrentRun, task: asyncio.Task[None]) -> None:
    """Call the `stop` of a class task; what it raises cancels the run."""
    stop = active.own_stop
    if stop is None:  # its start() has returned meanwhile
        task.cancel(_ASKED)
        return
    try:
        found = stop()
        if inspect.isawaitable(found):
            await found
    except BaseException as error:
        outcome_of_call.note_stop_failure(active.outcome, error)
        task.cancel(_ASKED)


def _new_task(
    loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, Any], **options: Any
) -> asyncio.Task[Any]:
    """Make a task that its run, if it is part of one, knows of."""
    task = asyncio.Task(coro, loop=loop, **options)
    run = run_context.find_run()
    if run is not None:
        run.add_started(task)
    return task
