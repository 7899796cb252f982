"""The `thread` lane: one process, many threads, one run in each."""

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from rtd.executor.lanes.base_lane import LaneParts
from rtd.executor.lanes.concurrent import ConcurrentLane, ConcurrentRun
from rtd.executor.output.stdio_router import STDIO
from rtd.executor.runs import outcome_of_call
from rtd.executor.runs.end_fork import end_fork
from rtd.process.events.raise_in_thread import raise_in_thread
from rtd.process.fork.fork_guard import FORK_GUARD
from rtd.session.core import run_context
from rtd.session.core.exceptions import Stopped
from rtd.session.tasks.definition import TaskDefinition


class _Worker(threading.Thread):
    """A thread that carries out runs one after the other.

    A stop is raised in the thread while `inside`; the lock makes "is it still inside?" and
    the raising one step, and `calm` swallows one that arrived a moment too late.
    """

    def __init__(
        self, number: int, over: Callable[[ConcurrentRun], None], result_limit_bytes: int
    ) -> None:
        super().__init__(name=f"rtd-{number}", daemon=True)
        self.inbox: SimpleQueue[ConcurrentRun] = SimpleQueue()
        self._on_finished = over
        self._result_limit_bytes = result_limit_bytes
        self._lock = threading.Lock()
        self._going: ConcurrentRun | None = None

    def run(self) -> None:
        while True:
            going = self.inbox.get()
            began_s = time.thread_time()
            token = run_context.enter_run(going.current_run)
            try:
                self._execute_run(going)
            except Stopped as late:
                outcome_of_call.record_failure(going.outcome, late)
            going.outcome.cpu_s = time.thread_time() - began_s
            STDIO.flush_pending()
            run_context.leave_run(token)
            self._on_finished(going)

    def _execute_run(self, going: ConcurrentRun) -> None:
        try:
            try:
                with self._lock:
                    self._going = going
                if going.stop_requested:  # the stop was faster
                    raise Stopped
                result = _call(going)
            finally:
                if FORK_GUARD.is_child:
                    end_fork()
                with self._lock:
                    self._going = None
        except BaseException as error:
            outcome_of_call.record_failure(going.outcome, error)
        else:
            outcome_of_call.record_success(going.outcome, result, self._result_limit_bytes)

    def request_stop(self, going: ConcurrentRun) -> None:
        """Raise Stopped in this thread if it is still inside that run."""
        with self._lock:
            if self._going is going and self.ident is not None:
                raise_in_thread(self.ident, Stopped)


def _call(going: ConcurrentRun) -> Any:
    definition = outcome_of_call.find_definition(going.leased_run)
    params = outcome_of_call.resolve_parameters(going.leased_run)
    if definition.run_hooks is not None:
        return definition.run_hooks.run(lambda: _execute(definition, params, going))
    return _execute(definition, params, going)


def _execute(definition: TaskDefinition, params: dict[str, Any], going: ConcurrentRun) -> Any:
    if not definition.is_class:
        return definition.target(**params)
    instance = definition.target(**params)
    if definition.has_own_stop():
        going.own_stop = instance.stop
        if going.stop_requested:  # before it could be told by its own stop
            instance.stop()
    return instance.start()


class ThreadLane(ConcurrentLane):
    """One worker thread per slot, started when it is first needed."""

    def __init__(self, parts: LaneParts) -> None:
        super().__init__(parts)
        self._workers: dict[int, _Worker] = {}

    def launch(self, going: ConcurrentRun) -> None:
        number = going.slot.index
        worker = self._workers.get(number)
        if worker is None:
            worker = _Worker(number, self.on_finished, self._options.result_limit_bytes)
            self._workers[number] = worker
            worker.start()
        worker.inbox.put(going)

    def request_stop(self, going: ConcurrentRun) -> None:
        if going.own_stop is None:
            self._workers[going.slot.index].request_stop(going)
            return
        try:
            going.own_stop()
        except BaseException as error:  # it is the task's code, and this thread is the executor's
            going.outcome.add_note(f"its stop() raised {type(error).__name__}: {error}")
