"""The `thread` lane: one process, many threads, one run in each."""

import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from queue import SimpleQueue
from typing import Any

from rtd.executor.lanes.base_lane import LaneParts
from rtd.executor.lanes.concurrent import ConcurrentLane, ConcurrentRun
from rtd.executor.runs import outcome_of_call
from rtd.executor.runs.run_in_main_thread import end_fork
from rtd.process.events.executor_signals import raise_in_thread
from rtd.process.fork.fork_guard import FORK_GUARD
from rtd.session.core import run_context
from rtd.session.core.app_errors import Stopped
from rtd.session.core.task_definition import TaskDefinition


class _Worker(threading.Thread):
    """A thread that carries out runs one after the other.

    A stop is raised in the thread while it is inside the task's code. The lock makes this test
    and the raising one step, and `run` swallows a stop that arrived a moment too late.
    """

    def __init__(
        self, number: int, on_finished: Callable[[ConcurrentRun], None], result_limit_bytes: int
    ) -> None:
        super().__init__(name=f"rtd-{number}", daemon=True)
        self.inbox: SimpleQueue[ConcurrentRun] = SimpleQueue()
        self._on_finished = on_finished
        self._result_limit_bytes = result_limit_bytes
        self._lock = threading.Lock()
        self._active: ConcurrentRun | None = None

    def run(self) -> None:
        while True:
            active = self.inbox.get()
            began_s = time.thread_time()
            try:
                # In a copy, so that no other run sees the context variables that this one sets.
                copy_context().run(self._execute_run, active)
            except Stopped as late:
                outcome_of_call.record_failure(active.outcome, late)
            active.outcome.cpu_s = time.thread_time() - began_s
            self._on_finished(active)

    def _execute_run(self, active: ConcurrentRun) -> None:
        run_context.enter_run(active.current_run)
        try:
            try:
                with self._lock:
                    self._active = active
                if active.stop_requested:  # the stop was faster
                    raise Stopped
                result = _call(active)
            finally:
                if FORK_GUARD.is_child:
                    end_fork()
                with self._lock:
                    self._active = None
        except BaseException as error:
            outcome_of_call.record_failure(active.outcome, error)
        else:
            outcome_of_call.record_success(active.outcome, result, self._result_limit_bytes)

    def request_stop(self, active: ConcurrentRun) -> None:
        """Raise Stopped in this thread if it is still inside that run."""
        with self._lock:
            if self._active is active and self.ident is not None:
                raise_in_thread(self.ident, Stopped)


def _call(active: ConcurrentRun) -> Any:
    definition = outcome_of_call.find_definition(active.leased_run)
    params = outcome_of_call.resolve_parameters(active.leased_run)
    if definition.run_hooks is not None:
        return definition.run_hooks.run(lambda: _execute(definition, params, active))
    return _execute(definition, params, active)


def _execute(definition: TaskDefinition, params: dict[str, Any], active: ConcurrentRun) -> Any:
    if not definition.is_class:
        return definition.target(**params)
    instance = definition.target(**params)
    if definition.has_own_stop:
        active.own_stop = instance.stop
        if active.stop_requested:  # before there was an instance to stop
            instance.stop()
    return instance.start()


class ThreadLane(ConcurrentLane):
    """One worker thread per slot, started when it is first needed."""

    def __init__(self, parts: LaneParts) -> None:
        super().__init__(parts)
        self._workers: dict[int, _Worker] = {}

    def launch(self, active: ConcurrentRun) -> None:
        number = active.place.slot.index
        worker = self._workers.get(number)
        if worker is None:
            worker = _Worker(number, self.on_finished, self._options.result_limit_bytes)
            self._workers[number] = worker
            worker.start()
        worker.inbox.put(active)

    def request_stop(self, active: ConcurrentRun) -> None:
        if active.own_stop is None:
            self._workers[active.place.slot.index].request_stop(active)
            return
        try:
            active.own_stop()
        except BaseException as error:  # the task's code must not end the executor's thread
            active.outcome.add_note(f"its stop() raised {type(error).__name__}: {error}")
