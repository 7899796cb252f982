"""The lane `fresh`: a process for each run, forked ahead while the executor is idle."""

import gc
from typing import Final

from rtd.common.ids import new_id
from rtd.common.msgpack_values import pack
from rtd.executor.core.leased_run import LeasedRun
from rtd.executor.lanes.base_lane import LaneParts
from rtd.executor.lanes.serial import SerialLane
from rtd.executor.runs import outcome_of_call
from rtd.executor.runs.fork_caller import ForkCaller
from rtd.executor.runs.python_caller import PythonCaller
from rtd.model.manifest import TaskInfo
from rtd.model.run_record import RunSpec, new_record
from rtd.process.fork.process_title import set_title
from rtd.session.context import run_context
from rtd.session.core.task_definition import TaskDefinition

#: A record like any other, to warm up with.
_SAMPLE: Final = new_record(
    RunSpec(
        id=new_id(),
        task="",
        params=pack({"": ""}),
        lane="fresh",
        queue="",
        priority=0,
        submitted_at=0.0,
        opts={},
    )
)
_NO_TASK: Final = TaskDefinition(lambda: None, TaskInfo(""))


class FreshLane(SerialLane):
    """Carries out each run in a forked child of its own."""

    calls_app = False

    def __init__(self, parts: LaneParts) -> None:
        inner = PythonCaller(parts.context.options.result_limit_bytes)
        scratch = parts.captures[0].scratch
        limit_s = parts.context.options.stop_grace_s
        close = parts.backend.connections.close
        self._forks = ForkCaller(inner, scratch, close, limit_s, parts.hooks, parts.context.signals)
        self._tasks = parts.tasks
        super().__init__(parts, self._forks)
        self._rehearse()
        gc.freeze()  # a child then meets only its own objects at its end

    def prepare_next(self) -> None:
        if self._forks.prefork(self._warm_up, self._enter, self._stop_gate):
            self._warm_up()

    def close(self) -> None:
        self._forks.close()

    def _rehearse(self) -> None:
        work = LeasedRun(_SAMPLE, self._tasks)
        work.definition = _NO_TASK
        self._expect(work)
        self._forks.rehearse(work, self._stop_gate)
        self._current = None

    def _warm_up(self) -> None:
        """Write ahead to the memory that the start of a run writes to: after a fork each page is
        copied when it is first written, in the child and in the executor."""
        work = LeasedRun(_SAMPLE, self._tasks)
        run_context.leave_run(run_context.enter_run(self._expect(work)))
        self._stop_gate.end_run()
        outcome_of_call.resolve_parameters(work)
        set_title(f"{self._lane.name} idle")

    def _enter(self, record: bytes) -> LeasedRun:
        work = LeasedRun.from_record(record, self._tasks)
        run_context.enter_run(self._expect(work))
        self._aspects.enter_child(work)
        return work
