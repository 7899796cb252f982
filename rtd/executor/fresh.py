"""The lane `fresh`: a process for each run, forked ahead while the executor has nothing to do."""

from collections.abc import Mapping

from rtd.executor.backend import Backend
from rtd.executor.capture import Capture
from rtd.executor.fork_call import ForkCaller
from rtd.executor.python_call import PythonCaller
from rtd.executor.serial import SerialLane
from rtd.executor.tools import Tools
from rtd.executor.work import Work
from rtd.process.slot import Slot
from rtd.process.titles import set_title
from rtd.session import context
from rtd.session.task import TaskDefinition


class FreshLane(SerialLane):
    """A serial lane whose runs are forked off; see `lane.Lane`."""

    def __init__(
        self,
        slot: Slot,
        backend: Backend,
        capture: Capture,
        tools: Tools,
        tasks: Mapping[str, TaskDefinition],
    ) -> None:
        inner = PythonCaller(tools.options.result_limit_bytes)
        self._forks = ForkCaller(inner, capture.scratch, backend.let_go)
        self._tasks = tasks
        super().__init__(slot, backend, capture, self._forks, tools)

    def rest(self) -> None:
        self._forks.get_ready(self._enter, self._gate)

    def end(self) -> None:
        self._forks.close()

    def _enter(self, record: bytes) -> Work:
        work = Work(record, self._tasks)
        context.enter(self._expect(work))
        set_title(f"{self._pool} {work.task} {work.id}")
        return work
