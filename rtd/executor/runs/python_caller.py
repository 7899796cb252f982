"""Calls the task's function, or its class, in this process."""

from typing import Any

from rtd.executor.core.leased_run import AttemptOutcome, LeasedRun
from rtd.executor.runs import outcome_of_call
from rtd.executor.runs.stop_gate import StopGate
from rtd.session.core.task_definition import TaskDefinition


class PythonCaller:
    """The caller of the lanes `process`, `fresh` and `main`."""

    def __init__(self, result_limit_bytes: int) -> None:
        self._result_limit_bytes = result_limit_bytes

    def call(self, work: LeasedRun, outcome: AttemptOutcome, gate: StopGate) -> None:
        """Call the task. Raises what the task raises, and LookupError for a missing task."""
        definition = outcome_of_call.find_definition(work)
        gate.enter_task()
        params = outcome_of_call.resolve_parameters(work)
        if definition.run_hooks is not None:
            result = definition.run_hooks.run(lambda: _execute(definition, params, gate))
        elif definition.is_class:
            result = _execute(definition, params, gate)
        else:
            result = definition.target(**params)
        gate.leave_task()
        outcome_of_call.record_success(outcome, result, self._result_limit_bytes)


def _execute(definition: TaskDefinition, params: dict[str, Any], gate: StopGate) -> Any:
    if not definition.is_class:
        return definition.target(**params)
    instance = definition.target(**params)
    if definition.has_own_stop:
        gate.set_own_stop(instance.stop)
    return instance.start()
