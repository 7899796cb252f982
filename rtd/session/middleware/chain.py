"""Calls middleware around the attempts of a run: `run_task` from the outermost in, then
`process_outcome` from the innermost out.

The choice of middleware is made once per task, when the whole app is known. A task without any
costs nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from rtd.model.manifest import TaskInfo, check_params
from rtd.session.core.app_errors import Skip, name_error
from rtd.session.core.task_definition import RunScope
from rtd.session.middleware.entries import MiddlewareEntry
from rtd.session.middleware.positional import bind_positional
from rtd.session.middleware.task_view import TaskView

#: Carries out what is further in, with these parameters.
Execute = Callable[[dict[str, Any]], Any]
ExecuteAsync = Callable[[dict[str, Any]], Awaitable[Any]]
#: What a note says of a middleware whose `run_task` returned in order without a success.
_UNCALLED: Final = "did not call the task"
_SWALLOWED: Final = "has swallowed {}"


class MiddlewareChain:
    """The middleware of one task, and the handlers of its unexpected exceptions.

    Args:
        entries: the outermost first.
        handlers: see `rtd.session.Session.add_exception_handler`.
        info: of the task.
        scope: makes the context around the calls of `process_outcome`; None: none.
    """

    def __init__(
        self,
        entries: Sequence[MiddlewareEntry],
        handlers: Sequence[Callable[[BaseException], Any]],
        info: TaskInfo,
        scope: RunScope | None = None,
    ) -> None:
        self.entries: Final = tuple(entries)
        self.handlers: Final = tuple(handlers)
        self.info: Final = info
        self.scope: Final = scope

    def begin(self, task: TaskView, add_note: Callable[[str], None]) -> MiddlewareRun:
        """Return the middleware of one attempt."""
        return MiddlewareRun(self, task, add_note)


class MiddlewareRun:
    """The middleware of one attempt. Each has an instance of its own, for both of its calls.

    Args:
        add_note: adds a remark to the record of the attempt.

    Attributes:
        task: what the middleware gets.
        skipped_by_task: the task itself has raised `Skip`, and no middleware.
    """

    __slots__ = ("_execute", "_made", "add_note", "chain", "skipped_by_task", "task")

    def __init__(
        self, chain: MiddlewareChain, task: TaskView, add_note: Callable[[str], None]
    ) -> None:
        self.chain = chain
        self.task = task
        self.add_note = add_note
        self.skipped_by_task = False
        #: Each entry with its instance; None in the place of one whose constructor has raised.
        self._made: list[tuple[MiddlewareEntry, Any]] = []
        self._execute: Any = None

    def instances(self) -> list[tuple[MiddlewareEntry, Any]]:
        """Return each entry with its instance, the outermost first, without those that could not
        be made."""
        if len(self._made) < len(self.chain.entries):
            self._make(suppress=True)
        return [pair for pair in self._made if pair[1] is not None]

    def _make(self, *, suppress: bool) -> None:
        """Make the instances that are missing. With `suppress` nothing is raised."""
        for entry in self.chain.entries[len(self._made) :]:
            try:
                self._made.append((entry, entry.make()))
            except Exception:
                self._made.append((entry, None))
                if not suppress:
                    raise

    def run(self, execute: Execute, params: dict[str, Any]) -> Any:
        """Carry out the attempt. Returns the result; raises what the outermost raises."""
        self.task.__dict__["kwargs"] = params
        self._make(suppress=False)
        self._execute = execute
        self._call(0, params)
        return self.task.result

    def _call(self, index: int, params: dict[str, Any]) -> None:
        """Call the middleware from this one on inwards, then the task."""
        if index == len(self._made):
            try:
                self.task.__dict__["result"] = self._execute(params)
            except Skip:
                self.skipped_by_task = True
                raise
            return
        entry, instance = self._made[index]
        if not entry.has_run_task:
            self._call(index + 1, params)
            return
        failed: str | None = _UNCALLED

        def run(*args: Any, **kwargs: Any) -> Any:
            nonlocal failed
            try:
                if args or kwargs.keys() != params.keys():
                    kwargs = self._checked(entry, args, kwargs, params)
                self._call(index + 1, kwargs)
            except BaseException as error:
                failed = _SWALLOWED.format(name_error(error))
                raise
            failed = None
            return self.task.result

        instance.run_task(self.task, run, (), {**params})
        if failed is not None:
            self.add_note(f"middleware {entry.name} {failed}")

    async def run_async(self, execute: ExecuteAsync, params: dict[str, Any]) -> Any:
        """Carry out an attempt of a coroutine function, as `run` does."""
        self.task.__dict__["kwargs"] = params
        self._make(suppress=False)
        self._execute = execute
        await self._call_async(0, params)
        return self.task.result

    async def _call_async(self, index: int, params: dict[str, Any]) -> None:
        if index == len(self._made):
            try:
                self.task.__dict__["result"] = await self._execute(params)
            except Skip:
                self.skipped_by_task = True
                raise
            return
        entry, instance = self._made[index]
        if not entry.has_run_task and not entry.has_run_task_async:
            await self._call_async(index + 1, params)
            return
        failed: str | None = _UNCALLED

        async def run(*args: Any, **kwargs: Any) -> Any:
            nonlocal failed
            try:
                if args or kwargs.keys() != params.keys():
                    kwargs = self._checked(entry, args, kwargs, params)
                await self._call_async(index + 1, kwargs)
            except BaseException as error:
                failed = _SWALLOWED.format(name_error(error))
                raise
            failed = None
            return self.task.result

        run_task = instance.run_task_async if entry.has_run_task_async else instance.run_task
        await run_task(self.task, run, (), {**params})
        if failed is not None:
            self.add_note(f"middleware {entry.name} {failed}")

    def _checked(
        self,
        entry: MiddlewareEntry,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        params: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Return the parameters of a call of `run`. Raises ParameterError."""
        if args:
            kwargs = bind_positional(self.chain.info, entry.name, args, kwargs, params)
        check_params(self.chain.info, kwargs)
        return kwargs
