"""The `thread` lane: one process, many threads, one run in each."""

import threading
import time
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any

from rtd.executor.core.backend import Backend
from rtd.executor.core.executor_context import Tools
from rtd.executor.lanes.concurrent import ConcurrentLane, Going
from rtd.executor.output.capture import Capture
from rtd.executor.output.stdio_router import STREAMS
from rtd.executor.runs import outcome_of_call
from rtd.executor.runs.end_fork import end_fork
from rtd.process.board.slot import Slot
from rtd.process.events.raise_in_thread import raise_in_thread
from rtd.process.fork.fork_guard import FORK_MARK
from rtd.session.core import run_context
from rtd.session.core.exceptions import Stopped
from rtd.session.tasks.definition import TaskDefinition


class _Worker(threading.Thread):
    """A thread that carries out runs one after the other.

    A stop is raised in the thread while `inside`; the lock makes "is it still inside?" and
    the raising one step, and `calm` swallows one that arrived a moment too late.
    """

    def __init__(self, number: int, over: Callable[[Going], None], result_limit_bytes: int) -> None:
        super().__init__(name=f"rtd-{number}", daemon=True)
        self.inbox: SimpleQueue[Going] = SimpleQueue()
        self._over = over
        self._result_limit_bytes = result_limit_bytes
        self._lock = threading.Lock()
        self._going: Going | None = None

    def run(self) -> None:
        while True:
            going = self.inbox.get()
            began_s = time.thread_time()
            token = run_context.enter(going.run)
            try:
                self._carry_out(going)
            except Stopped as late:
                outcome_of_call.failed(going.outcome, late)
            going.outcome.cpu_s = time.thread_time() - began_s
            STREAMS.flush_pending()
            run_context.leave(token)
            self._over(going)

    def _carry_out(self, going: Going) -> None:
        try:
            try:
                with self._lock:
                    self._going = going
                if going.asked:  # the stop was faster
                    raise Stopped
                result = _call(going)
            finally:
                if FORK_MARK.is_child:
                    end_fork()
                with self._lock:
                    self._going = None
        except BaseException as error:
            outcome_of_call.failed(going.outcome, error)
        else:
            outcome_of_call.succeeded(going.outcome, result, self._result_limit_bytes)

    def ask(self, going: Going) -> None:
        """Raise Stopped in this thread if it is still inside that run."""
        with self._lock:
            if self._going is going and self.ident is not None:
                raise_in_thread(self.ident, Stopped)


def _call(going: Going) -> Any:
    definition = outcome_of_call.definition_of(going.work)
    params = outcome_of_call.parameters(going.work)
    if definition.around is not None:
        return definition.around.carry_out(lambda: _execute(definition, params, going))
    return _execute(definition, params, going)


def _execute(definition: TaskDefinition, params: dict[str, Any], going: Going) -> Any:
    if not definition.is_class:
        return definition.target(**params)
    instance = definition.target(**params)
    if definition.has_own_stop():
        going.own_stop = instance.stop
        if going.asked:  # before it could be told by its own stop
            instance.stop()
    return instance.start()


class ThreadLane(ConcurrentLane):
    """One worker thread per slot, started when it is first needed."""

    def __init__(
        self, slots: Sequence[Slot], captures: Sequence[Capture], backend: Backend, tools: Tools
    ) -> None:
        super().__init__(slots, captures, backend, tools)
        self._workers: dict[int, _Worker] = {}

    def launch(self, going: Going) -> None:
        number = going.slot.index
        worker = self._workers.get(number)
        if worker is None:
            worker = _Worker(number, self.over, self._options.result_limit_bytes)
            self._workers[number] = worker
            worker.start()
        worker.inbox.put(going)

    def ask(self, going: Going) -> None:
        if going.own_stop is None:
            self._workers[going.slot.index].ask(going)
            return
        try:
            going.own_stop()
        except BaseException as error:  # it is the task's code, and this thread is the executor's
            going.outcome.add_note(f"its stop() raised {type(error).__name__}: {error}")
