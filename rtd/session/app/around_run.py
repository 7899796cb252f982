"""Calls around the runs of a task: the hooks of its session, and its own `process_*` methods.

Most tasks have neither. The choice is made once, when the whole app is known, so that the others
cost nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final, cast

from rtd.session.context.run_context import report_fault
from rtd.session.core.app_errors import is_app_error, is_stop
from rtd.session.core.app_frames import cut_own_frames
from rtd.session.core.hooks import HookScope
from rtd.session.core.session_state import SessionState
from rtd.session.tasks.task import Task

#: The statuses that `process_finish` gets, in Red Engine's words.
_SUCCEEDED: Final = "succeeded"
_FAILED: Final = "failed"
_TERMINATED: Final = "termination"


class RunHooks:
    """Calls hooks and methods around every run of one task.

    Args:
        task: passed to the hooks; its `process_*` methods are called.
        hooks: generator or plain functions of the session, in the order of their calls.
    """

    __slots__ = ("_hooks", "_task")

    def __init__(self, task: Task, hooks: list[Callable[..., Any]]) -> None:
        self._task = task
        self._hooks = hooks

    def run(self, work: Callable[[], Any]) -> Any:
        """Carry out one run. Returns what `work` returns and raises what `work` raises.

        A hook that raises is only a fault. `process_success` is a part of the run: if it
        raises, the run has failed.
        """
        hooks = HookScope(self._hooks, self._hook_raised)
        try:
            hooks.before(self._task)
            result = work()
            self._task.process_success(result)
        except BaseException as error:
            self._failed(hooks, error)
            raise
        self._succeeded(hooks)
        return result

    async def run_async(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """Carry out one run of a coroutine function, as `run` does."""
        hooks = HookScope(self._hooks, self._hook_raised)
        try:
            hooks.before(self._task)
            result = await work()
            self._task.process_success(result)
        except BaseException as error:
            self._failed(hooks, error)
            raise
        self._succeeded(hooks)
        return result

    def _succeeded(self, hooks: HookScope) -> None:
        self._call("process_finish", _SUCCEEDED)
        hooks.after()

    def _failed(self, hooks: HookScope, error: BaseException) -> None:
        cut_own_frames(error)
        raised = (type(error), error, error.__traceback__)
        stopped = is_stop(error)
        if not stopped:
            self._call("process_failure", *raised)
        self._call("process_finish", _TERMINATED if stopped else _FAILED)
        hooks.after(raised)

    def _hook_raised(self, name: str, error: BaseException) -> None:
        halts = not self._task.session.config.silence_task_prerun
        report_fault("hook", name, error, halts=halts)

    def _call(self, method: str, *args: Any) -> None:
        try:
            getattr(self._task, method)(*args)
        except BaseException as error:
            if not is_app_error(error):
                raise
            report_fault("task", f"{self._task.name}.{method}", error)


def attach_run_hooks(session: SessionState) -> None:
    """Set what is called around the runs of every task of a session."""
    hooks = list(session.hooks.execute)
    kinds = {type(task) for task in session.tasks.values()}
    wrapped = {kind for kind in kinds if hooks or overrides_process_methods(kind)}
    for task in session.tasks.values():
        if type(task) in wrapped:
            task.definition = replace(
                task.definition, run_hooks=RunHooks(cast("Task", task), hooks)
            )
        elif task.definition.run_hooks is not None:
            task.definition = replace(task.definition, run_hooks=None)


def overrides_process_methods(kind: type) -> bool:
    """Tell whether a class of tasks overrides one of the `process_*` methods."""
    return any(
        getattr(kind, name) is not getattr(Task, name)
        for name in ("process_success", "process_failure", "process_finish")
    )
