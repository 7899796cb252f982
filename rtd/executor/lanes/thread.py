"""The `thread` lane: one process, many threads, one run in each."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any

from rtd.common.stdlib.originals import originals_in_place, queue, threading, time
from rtd.executor.lanes.base_lane import LaneParts
from rtd.executor.lanes.concurrent import ConcurrentLane
from rtd.executor.runs import outcome_of_call
from rtd.executor.runs.call_task import call_task, middleware_calls
from rtd.executor.runs.concurrent_run import ConcurrentRun
from rtd.executor.runs.run_in_main_thread import end_fork
from rtd.process.events.executor_signals import raise_in_thread
from rtd.process.fork.fork_guard import FORK_GUARD
from rtd.session.context import run_context
from rtd.session.core.app_errors import Stopped


class _TaskCode:
    """The task's code of one run, for its middleware."""

    def __init__(self, worker: "_Worker", active: ConcurrentRun) -> None:
        self._worker = worker
        self._active = active

    def enter_task(self) -> None:
        self._worker.enter(self._active)

    def leave_task(self) -> None:
        if FORK_GUARD.is_child:
            end_fork()
        self._worker.leave()


class _Worker(threading.Thread):
    """A thread that carries out runs one after the other.

    A stop is raised in the thread while it is inside the task's code. The lock makes this test
    and the raising one step, and `run` swallows a stop that arrived a moment too late.
    """

    def __init__(
        self, number: int, on_finished: Callable[[ConcurrentRun], None], result_limit_bytes: int
    ) -> None:
        super().__init__(name=f"rtd-{number}", daemon=True)
        self.inbox: queue.SimpleQueue[ConcurrentRun] = queue.SimpleQueue()
        #: With what hooks of the executor's start have set.
        self._clean_context = copy_context()
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
                self._clean_context.copy().run(self._execute_run, active)
            except Stopped as late:
                outcome_of_call.record_failure(active.outcome, late)
            active.outcome.cpu_s = time.thread_time() - began_s
            self._on_finished(active)

    def _execute_run(self, active: ConcurrentRun) -> None:
        run_context.enter_run(active.current_run)
        active.thread = threading.get_ident()
        outcome = active.outcome
        raised: BaseException | None = None
        try:
            with self._task_code(active):
                if active.stop_requested:  # the stop was faster
                    raise Stopped
                result = _call(active)
            outcome_of_call.record_success(outcome, result, self._result_limit_bytes)
        except BaseException as error:
            raised = error
            outcome_of_call.record_failure(outcome, error, is_stop=active.stop_requested)
        if active.delivers_outcome():
            deliver = middleware_calls().deliver_outcome
            deliver(outcome, raised, self._result_limit_bytes, _TaskCode(self, active))

    @contextmanager
    def _task_code(self, active: ConcurrentRun) -> Iterator[None]:
        """Be in the task's code meanwhile: `request_stop` raises Stopped in it."""
        try:
            self.enter(active)
            yield
        finally:
            if FORK_GUARD.is_child:
                end_fork()
            self.leave()

    def enter(self, active: ConcurrentRun) -> None:
        """Enter the task's code."""
        with self._lock:
            self._active = active

    def leave(self) -> None:
        """Leave the task's code."""
        with self._lock:
            self._active = None

    def request_stop(self, active: ConcurrentRun) -> None:
        """Raise Stopped in this thread if it is still inside that run."""
        with self._lock:
            if self._active is active and self.ident is not None:
                raise_in_thread(self.ident, Stopped)


def _call(active: ConcurrentRun) -> Any:
    work = active.leased_run
    definition = outcome_of_call.find_definition(work)
    if definition.is_plain:
        return definition.target(**outcome_of_call.resolve_parameters(work))
    return call_task(definition, work, active.outcome, active)


class ThreadLane(ConcurrentLane):
    """One worker thread per slot, started when it is first needed."""

    def __init__(self, parts: LaneParts) -> None:
        super().__init__(parts)
        self._workers: dict[int, _Worker] = {}

    def launch(self, active: ConcurrentRun) -> None:
        number = active.place.slot.index
        worker = self._workers.get(number)
        if worker is None:
            with originals_in_place():
                worker = _Worker(number, self.on_finished, self._options.result_limit_bytes)
                self._workers[number] = worker
                worker.start()
        worker.inbox.put(active)

    def request_stop(self, active: ConcurrentRun) -> None:
        if active.own_stop is None:
            self._workers[active.place.slot.index].request_stop(active)
            return
        # In a thread of its own: this one serves all runs, and a stop() may take long or hang.
        with originals_in_place():
            stop = threading.Thread(
                target=self._call_stop, args=(active,), name="rtd-stop", daemon=True
            )
            active.current_run.add_started(stop)
            stop.start()

    def _call_stop(self, active: ConcurrentRun) -> None:
        worker, stop = self._workers[active.place.slot.index], active.own_stop
        if stop is None:  # its start() has returned meanwhile
            worker.request_stop(active)
            return
        try:
            stop()
        except BaseException as error:
            outcome_of_call.note_stop_failure(active.outcome, error)
            worker.request_stop(active)
