"""What is called around the runs of a task: the hooks of its session, and its own methods.

Most tasks have neither. Which do is decided once, when the whole app is known, so that the
others pay nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from rtd.session.core.app_errors import is_app_error
from rtd.session.core.exceptions import Stopped
from rtd.session.core.hooks import HookScope
from rtd.session.core.run_context import report_fault
from rtd.session.tasks.base import Task, task_of

if TYPE_CHECKING:
    from rtd.session.session import Session

#: What `process_finish` is told, in Red Engine's words.
_SUCCEEDED: Final = "succeeded"
_FAILED: Final = "failed"
_TERMINATED: Final = "termination"


class RunHooks:
    """What is called around every run of one task.

    Args:
        task: it is given to the hooks; its `process_*` are called.
        hooks: generator or plain functions of the session, in their order.
    """

    __slots__ = ("_hooks", "_task")

    def __init__(self, task: Task, hooks: list[Callable[..., Any]]) -> None:
        self._task = task
        self._hooks = hooks

    def run(self, work: Callable[[], Any]) -> Any:
        """One run. Gives what `work` returns and raises what it raises.

        Hooks that raise are faults and nothing more. `process_success` is a part of the run:
        if it raises, the run has failed.
        """
        surrounding = HookScope(self._hooks, self._hook_raised)
        try:
            surrounding.before(self._task)
            result = work()
            self._task.process_success(result)
        except BaseException as error:
            self._failed(surrounding, error)
            raise
        self._succeeded(surrounding)
        return result

    async def run_async(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """The same for a coroutine function."""
        surrounding = HookScope(self._hooks, self._hook_raised)
        try:
            surrounding.before(self._task)
            result = await work()
            self._task.process_success(result)
        except BaseException as error:
            self._failed(surrounding, error)
            raise
        self._succeeded(surrounding)
        return result

    def _succeeded(self, surrounding: HookScope) -> None:
        self._call("process_finish", _SUCCEEDED)
        surrounding.after()

    def _failed(self, surrounding: HookScope, error: BaseException) -> None:
        raised = (type(error), error, error.__traceback__)
        stopped = _is_stop(error)
        if not stopped:
            self._call("process_failure", *raised)
        self._call("process_finish", _TERMINATED if stopped else _FAILED)
        surrounding.after(raised)

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


def _is_stop(error: BaseException) -> bool:
    """Whether a run ends because it was asked to: `Stopped`, or asyncio's `CancelledError`."""
    cancelled = type(error).__name__ == "CancelledError" and not isinstance(error, Exception)
    return isinstance(error, Stopped) or cancelled


def attach_run_hooks(session: Session) -> None:
    """For each task of a session, whether something is called around its runs."""
    hooks = list(session.hooks.execute)
    for definition in session.tasks.values():
        if hooks or (definition.task is not None and overrides_process_methods(definition.task)):
            definition.run_hooks = RunHooks(task_of(definition, session), hooks)
        else:
            definition.run_hooks = None


def overrides_process_methods(task: Task) -> bool:
    """Whether its class overrides one of `process_success`, `process_failure`,
    `process_finish`."""
    return any(
        getattr(type(task), name) is not getattr(Task, name)
        for name in ("process_success", "process_failure", "process_finish")
    )
