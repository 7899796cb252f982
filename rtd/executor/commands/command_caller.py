"""Runs commands of the operating system, and the tasks of the app that are commands."""

from contextlib import suppress
from typing import Any, Final

from rtd.common.msgpack_values import pack, unpack
from rtd.executor.commands.command_output import OutputSample
from rtd.executor.commands.command_process import CommandProcess
from rtd.executor.core.attempt_outcome import AttemptOutcome
from rtd.executor.core.leased_run import LeasedRun
from rtd.executor.output.scratch_file import ScratchFile
from rtd.executor.runs import outcome_of_call
from rtd.executor.runs.call_task import middleware_calls
from rtd.executor.runs.stop_gate import StopGate
from rtd.model.manifest import COMMAND
from rtd.model.run_states import STATE_CHAR, RunState
from rtd.process.tree.terminate import terminate_descendants
from rtd.session.core.app_errors import Stopped
from rtd.session.core.task_definition import TaskDefinition
from rtd.session.tasks.command_task import CommandFailed

_SUCCEEDED: Final = STATE_CHAR[RunState.SUCCEEDED]


class CommandCaller:
    """The caller of lane `command`.

    Parameters of a run: argv, cwd, env, user, stdin, umask. A command task of the app defines
    them, and makes options of its own parameters.

    The command leads its own session. A stop sends SIGTERM to everything below the executor.
    Standard output and error come through pipes, so that each piece has its time and stream.

    Args:
        scratch: where the output goes.
        result_limit_bytes: more output than this is no result.
    """

    def __init__(self, scratch: ScratchFile, result_limit_bytes: int) -> None:
        self._process = CommandProcess(scratch)
        self._result_limit_bytes = result_limit_bytes

    def call(self, work: LeasedRun, outcome: AttemptOutcome, gate: StopGate) -> None:
        """Run the command; its exit code or signal becomes the outcome, never an exception."""
        self._process.sample = None
        if work.task == COMMAND:
            gate.set_own_stop(_terminate_command)
            self._process.run(outcome_of_call.resolve_parameters(work), work, outcome, gate)
            return
        definition = outcome_of_call.find_definition(work)
        gate.enter_task()  # functions of the app that make parameters are stopped like tasks
        self._process.sample = OutputSample(self._result_limit_bytes)
        if definition.middleware is not None:
            self._call_in_middleware(definition, work, outcome, gate)
            return
        self._call_in_hooks(
            definition, outcome_of_call.resolve_parameters(work), work, outcome, gate
        )
        self._set_result(outcome)

    def _call_in_hooks(
        self,
        definition: TaskDefinition,
        given: dict[str, Any],
        work: LeasedRun,
        outcome: AttemptOutcome,
        gate: StopGate,
    ) -> None:
        """Run the command of a task, with these parameters."""
        assert definition.command is not None
        params = definition.command.invocation(given)
        gate.set_own_stop(_terminate_command)
        if definition.run_hooks is None:
            self._process.run(params, work, outcome, gate)
        else:
            self._run_surrounded(definition, params, work, outcome, gate)

    def _call_in_middleware(
        self,
        definition: TaskDefinition,
        work: LeasedRun,
        outcome: AttemptOutcome,
        gate: StopGate,
    ) -> None:
        """Run the command of a task within its middleware, which sees the output as the result, or
        `CommandFailed`."""
        calls = middleware_calls()

        def execute(given: dict[str, Any]) -> Any:
            outcome.forget_failure()  # of an earlier call
            self._process.sample = OutputSample(self._result_limit_bytes)
            self._call_in_hooks(definition, given, work, outcome, gate)
            gate.clear_own_stop()
            if gate.is_stop_requested():
                raise Stopped
            self._set_result(outcome)
            if outcome.state != _SUCCEEDED:
                raise CommandFailed(outcome.why)
            return None if outcome.result is None else unpack(outcome.result)

        raised: BaseException | None = None
        try:
            run = calls.begin_middleware(definition, definition.middleware, work, outcome)
            run.run(execute, outcome_of_call.resolve_parameters(work))
            outcome.forget_failure()  # which the middleware may have swallowed
        except BaseException as error:
            if gate.is_stop_requested():
                raise
            raised = error
            if not isinstance(error, CommandFailed):
                outcome_of_call.record_failure(outcome, error)
        gate.leave_task()
        if gate.decide() and not work.deliver_later:
            calls.deliver_outcome(outcome, raised, self._result_limit_bytes, gate)

    def _run_surrounded(
        self,
        definition: TaskDefinition,
        params: dict[str, Any],
        work: LeasedRun,
        outcome: AttemptOutcome,
        gate: StopGate,
    ) -> None:
        def run() -> str | None:
            self._process.run(params, work, outcome, gate)
            if gate.stop_requested:
                raise Stopped
            if outcome.state != _SUCCEEDED:
                raise CommandFailed(outcome.why)
            sample = self._process.sample
            return None if sample is None else sample.result()

        assert definition.run_hooks is not None
        with suppress(CommandFailed, Stopped):
            definition.run_hooks.run(run)

    def _set_result(self, outcome: AttemptOutcome) -> None:
        """Put the first thing that a person looks for into the record."""
        sample = self._process.sample
        if sample is None:
            return
        if outcome.state == _SUCCEEDED:
            result = sample.result()
            if result is None:
                outcome.add_note("its output is too large to be its result: see rtctl logs")
            elif result:
                outcome.result = pack(result, "the result")
        elif outcome.error is not None and (tail := sample.tail()):
            outcome.why = f"{outcome.why}: {tail.splitlines()[-1]}"
            outcome.error = [outcome.error[0], outcome.why, tail]


def _terminate_command() -> None:
    terminate_descendants()
