"""Calls middleware around the attempts of a run: `run_task` from the outermost in, then
`process_outcome` from the innermost out.

The choice of middleware is made once per task, when the whole app is known. A task without any
costs nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from rtd.model.manifest import TaskInfo, check_params
from rtd.session.core.app_errors import Skip
from rtd.session.middleware.entries import MiddlewareEntry
from rtd.session.middleware.positional import bind_positional
from rtd.session.middleware.task_view import TaskView

#: Carries out what is further in, with these parameters.
Execute = Callable[[dict[str, Any]], Any]
ExecuteAsync = Callable[[dict[str, Any]], Awaitable[Any]]


class MiddlewareChain:
    """The middleware of one task, and the handlers of its unexpected exceptions.

    Args:
        entries: the outermost first.
        handlers: see `rtd.session.Session.add_exception_handler`.
        info: of the task.
    """

    def __init__(
        self,
        entries: Sequence[MiddlewareEntry],
        handlers: Sequence[Callable[[BaseException], Any]],
        info: TaskInfo,
    ) -> None:
        self.entries: Final = tuple(entries)
        self.handlers: Final = tuple(handlers)
        self.info: Final = info

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

    def __init__(
        self, chain: MiddlewareChain, task: TaskView, add_note: Callable[[str], None]
    ) -> None:
        self.chain = chain
        self.task = task
        self.add_note = add_note
        self.skipped_by_task = False
        #: The instances in the order of their entries; None: its constructor has raised.
        self._made: list[Any] | None = None

    def instances(self) -> list[tuple[MiddlewareEntry, Any]]:
        """Return each entry with its instance, the outermost first, without those that could not
        be made."""
        if self._made is None:
            self._made = []
            self._make(suppress=True)
        pairs = zip(self.chain.entries, self._made, strict=False)
        return [(entry, instance) for entry, instance in pairs if instance is not None]

    def _make(self, *, suppress: bool) -> None:
        """Make the instances. With `suppress` those that cannot be made are left out."""
        assert self._made is not None
        for entry in self.chain.entries[len(self._made) :]:
            try:
                self._made.append(entry.make())
            except Exception:
                self._made.append(None)
                if not suppress:
                    raise

    def run(self, execute: Execute, params: dict[str, Any]) -> Any:
        """Carry out the attempt. Returns the result; raises what the outermost raises."""
        self._begin(params)

        def innermost(given: dict[str, Any]) -> None:
            try:
                self.task.__dict__["result"] = execute(given)
            except Skip:
                self.skipped_by_task = True
                raise

        call: Execute = innermost
        for entry, instance in reversed(self.instances()):
            if entry.has_run_task:
                call = self._around(entry, instance, call)
        call(params)
        return self.task.result

    def _begin(self, params: dict[str, Any]) -> None:
        self.task.__dict__["kwargs"] = params
        self._made = []
        self._make(suppress=False)

    def _around(self, entry: MiddlewareEntry, instance: Any, inner: Execute) -> Execute:
        def call(params: dict[str, Any]) -> None:
            was_called = False

            def run(*args: Any, **kwargs: Any) -> Any:
                nonlocal was_called
                was_called = True
                inner(self._given(entry, args, kwargs, params))
                return self.task.result

            instance.run_task(self.task, run, (), dict(params))
            self._check_called(entry, was_called)

        return call

    async def run_async(self, execute: ExecuteAsync, params: dict[str, Any]) -> Any:
        """Carry out an attempt of a coroutine function, as `run` does."""
        self._begin(params)

        async def innermost(given: dict[str, Any]) -> None:
            try:
                self.task.__dict__["result"] = await execute(given)
            except Skip:
                self.skipped_by_task = True
                raise

        call: ExecuteAsync = innermost
        for entry, instance in reversed(self.instances()):
            if entry.has_run_task or entry.has_run_task_async:
                call = self._around_async(entry, instance, call)
        await call(params)
        return self.task.result

    def _around_async(
        self, entry: MiddlewareEntry, instance: Any, inner: ExecuteAsync
    ) -> ExecuteAsync:
        async def call(params: dict[str, Any]) -> None:
            was_called = False

            async def run(*args: Any, **kwargs: Any) -> Any:
                nonlocal was_called
                was_called = True
                await inner(self._given(entry, args, kwargs, params))
                return self.task.result

            run_task = instance.run_task_async if entry.has_run_task_async else instance.run_task
            await run_task(self.task, run, (), dict(params))
            self._check_called(entry, was_called)

        return call

    def _given(
        self,
        entry: MiddlewareEntry,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        params: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Return the parameters of a call of `run`. Raises ParameterError."""
        if args:
            kwargs = bind_positional(self.chain.info, entry.name, args, kwargs, params)
        if kwargs.keys() != params.keys():
            check_params(self.chain.info, kwargs)
        return kwargs

    def _check_called(self, entry: MiddlewareEntry, was_called: bool) -> None:
        if not was_called:
            self.add_note(f"middleware {entry.name} did not call the task")
