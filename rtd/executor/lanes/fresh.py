"""The lane `fresh`: a process for each run, forked ahead while the executor has nothing to do."""

from collections.abc import Mapping
from typing import Final

from rtd.common.ids import new_id
from rtd.common.msgpack_values import pack
from rtd.executor.core.backend import Backend
from rtd.executor.core.executor_context import Tools
from rtd.executor.core.leased_run import Work
from rtd.executor.lanes.serial import SerialLane
from rtd.executor.output.capture import Capture
from rtd.executor.runs import outcome_of_call
from rtd.executor.runs.fork_caller import ForkCaller
from rtd.executor.runs.python_caller import PythonCaller
from rtd.model.run_record import Spec, new_record
from rtd.process.board.slot import Slot
from rtd.process.fork.process_title import set_title
from rtd.session.core import run_context
from rtd.session.tasks.definition import TaskDefinition

#: A record that stands for any.
_SAMPLE: Final = new_record(Spec(new_id(), "", pack({"": ""}), "fresh", "", 0, 0.0, {}, "", None))


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
        if self._forks.get_ready(self._warm_up, self._enter, self._gate):
            self._warm_up()

    def end(self) -> None:
        self._forks.close()

    def _warm_up(self) -> None:
        """Touch, ahead of the run, the memory that its start writes to: after a fork each
        page is copied when it is first written, in the child and in the executor."""
        work = Work(_SAMPLE, self._tasks)
        run_context.leave(run_context.enter(self._expect(work)))
        self._gate.done()
        outcome_of_call.parameters(work)
        set_title(f"{self._pool} idle")

    def _enter(self, record: bytes) -> Work:
        work = Work(record, self._tasks)
        run_context.enter(self._expect(work))
        set_title(f"{self._pool} {work.task} {work.id}")
        return work
