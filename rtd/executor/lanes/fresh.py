"""The lane `fresh`: a process for each run, forked ahead while the executor has nothing to do."""

from collections.abc import Mapping
from typing import Final

from rtd.common.ids import new_id
from rtd.common.msgpack_values import pack
from rtd.executor.core.backend import Backend
from rtd.executor.core.executor_context import ExecutorContext
from rtd.executor.core.leased_run import LeasedRun
from rtd.executor.lanes.serial import SerialLane
from rtd.executor.output.capture import Capture
from rtd.executor.runs import outcome_of_call
from rtd.executor.runs.fork_caller import ForkCaller
from rtd.executor.runs.python_caller import PythonCaller
from rtd.model.run_record import RunSpec, new_record
from rtd.process.board.slot import Slot
from rtd.process.fork.process_title import set_title
from rtd.session.core import run_context
from rtd.session.tasks.definition import TaskDefinition

#: A record that stands for any.
_SAMPLE: Final = new_record(
    RunSpec(new_id(), "", pack({"": ""}), "fresh", "", 0, 0.0, {}, "", None)
)


class FreshLane(SerialLane):
    """A serial lane whose runs are forked off; see `lane.Lane`."""

    def __init__(
        self,
        slot: Slot,
        backend: Backend,
        capture: Capture,
        tools: ExecutorContext,
        tasks: Mapping[str, TaskDefinition],
    ) -> None:
        inner = PythonCaller(tools.options.result_limit_bytes)
        self._forks = ForkCaller(inner, capture.scratch, backend.close_in_child)
        self._tasks = tasks
        super().__init__(slot, backend, capture, self._forks, tools)

    def prepare_next(self) -> None:
        if self._forks.prefork(self._warm_up, self._enter, self._stop_controller):
            self._warm_up()

    def close(self) -> None:
        self._forks.close()

    def _warm_up(self) -> None:
        """Touch, ahead of the run, the memory that its start writes to: after a fork each
        page is copied when it is first written, in the child and in the executor."""
        work = LeasedRun(_SAMPLE, self._tasks)
        run_context.leave_run(run_context.enter_run(self._expect(work)))
        self._stop_controller.end_run()
        outcome_of_call.resolve_parameters(work)
        set_title(f"{self._pool} idle")

    def _enter(self, record: bytes) -> LeasedRun:
        work = LeasedRun(record, self._tasks)
        run_context.enter_run(self._expect(work))
        set_title(f"{self._pool} {work.task} {work.id}")
        return work
