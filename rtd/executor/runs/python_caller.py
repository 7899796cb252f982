"""Calls the task's function, or its class, in this process."""

from rtd.executor.core.attempt_outcome import AttemptOutcome
from rtd.executor.core.leased_run import LeasedRun
from rtd.executor.runs import outcome_of_call
from rtd.executor.runs.call_task import call_task, middleware_calls
from rtd.executor.runs.stop_gate import StopGate
from rtd.process.fork.fork_guard import FORK_GUARD
from rtd.session.core.task_definition import TaskDefinition


class PythonCaller:
    """The caller of the lanes `process`, `fresh` and `main`."""

    def __init__(self, result_limit_bytes: int) -> None:
        self._result_limit_bytes = result_limit_bytes

    def call(self, work: LeasedRun, outcome: AttemptOutcome, gate: StopGate) -> None:
        """Call the task. Raises what the task raises, and LookupError for a missing task."""
        definition = outcome_of_call.find_definition(work)
        gate.enter_task()
        if definition.middleware is not None:
            self._call_observed(definition, work, outcome, gate)
            return
        if definition.is_plain:
            result = definition.target(**outcome_of_call.resolve_parameters(work))
        else:
            result = call_task(definition, work, outcome, gate)
        gate.leave_task()
        outcome_of_call.record_success(outcome, result, self._result_limit_bytes)

    def _call_observed(
        self,
        definition: TaskDefinition,
        work: LeasedRun,
        outcome: AttemptOutcome,
        gate: StopGate,
    ) -> None:
        """Call the task, and its middleware with how that ended. Raises Stopped for a stop."""
        raised: BaseException | None = None
        try:
            result = call_task(definition, work, outcome, gate)
            outcome_of_call.record_success(outcome, result, self._result_limit_bytes)
        except BaseException as error:
            if FORK_GUARD.is_child or gate.is_stop_requested():
                raise
            raised = error
            outcome_of_call.record_failure(outcome, error)
        gate.leave_task()
        if not FORK_GUARD.is_child and gate.decide() and not work.deliver_later:
            deliver = middleware_calls().deliver_outcome
            deliver(outcome, raised, self._result_limit_bytes, gate)
