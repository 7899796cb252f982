"""A task that is a function: `FuncTask`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rtd.common.errors import PolicyError
from rtd.session.core.app_errors import is_app_error
from rtd.session.core.delayed_function import DelayedFunction
from rtd.session.core.run_context import report_fault
from rtd.session.core.signature import TaskSignature, caller_location, signature_of
from rtd.session.tasks.base import Task


class FuncTask(Task):
    """A function as a task, in one of three ways.

    ```python
    @FuncTask(start_cond="daily")           # the function stays what it is
    def report(): ...

    FuncTask(report, name="again", start_cond="hourly")

    FuncTask(path="scripts/clean.py", func_name="main", start_cond="weekly")
    ```

    In the last one the file is imported where and when a run needs it, and again when it has
    changed.

    Attributes:
        func: the function; None for one that is in a file.
        path: the file, if it is in one.
        func_name: its name in the file.
    """

    func: Callable[..., Any] | None = None
    path: Path | None = None
    func_name: str = "main"
    _delayed: DelayedFunction | None = None
    _may_decorate = True

    def __init__(
        self,
        func: Callable[..., Any] | str | None = None,
        *,
        path: str | Path | None = None,
        func_name: str | None = None,
        **options: Any,
    ) -> None:
        """
        Args:
            func: the function, or its name in `path`; without both this is a decorator.
            path: the file that the function is in, relative to the working directory.
            func_name: the function's name in the file; default: `main`.
            options: see `rtd.core.Task`.

        Raises:
            PolicyError: an option, a name or a condition that cannot be used.
        """
        self._options = options
        _refuse(func, path, func_name)
        if func is None and path is None:
            return  # a decorator: it gets its function at once
        self.func = None if isinstance(func, str) else func
        self.func_name = func if isinstance(func, str) else func_name or "main"
        if path is not None:
            self.path = Path(path)
            self._delayed = DelayedFunction(self.path, self.func_name)
        super().__init__(**options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """As a decorator: take the function and give it back. Later: call it."""
        if self.func is not None:
            return self.func(*args, **kwargs)
        if self._delayed is not None:
            return self._delayed(*args, **kwargs)
        if len(args) != 1 or kwargs or not callable(args[0]):
            raise PolicyError("FuncTask(...) is to stand above a function: @FuncTask(...)")
        self.func = args[0]
        super().__init__(**self._options)
        return self.func

    def execute(self, **params: Any) -> Any:
        """Call the function."""
        if self._delayed is None:
            assert self.func is not None
            return self.func(**params)
        try:
            function = self._delayed.load()
        except BaseException as error:
            if is_app_error(error):
                halts = not self.session.config.silence_task_prerun
                report_fault("task", self.name, error, halts=halts)
            raise
        return function(**params)

    def get_default_name(self) -> str:
        """The function's own name; `folder.file:function` for one that is in a file."""
        if self.path is not None:
            return f"{'.'.join(self.path.with_suffix('').parts).strip('/.')}:{self.func_name}"
        return getattr(self.func, "__name__", type(self.func).__name__)

    def _target(self) -> Callable[..., Any]:
        """The function itself, if it is there: a run of it costs what any function's costs."""
        if self.func is not None and type(self).execute is FuncTask.execute:
            return self.func
        return self.execute

    def _signature(self, where: str) -> TaskSignature:
        if self._delayed is not None:
            return self._delayed.read_signature(where)
        assert self.func is not None
        shape = signature_of(self.func, where)
        return shape if shape.source else shape._replace(source=caller_location())


def _refuse(func: Any, path: Any, func_name: Any) -> None:
    """What contradicts itself, or is not enough to find a function. Raises PolicyError."""
    problem = None
    if isinstance(func, str) and path is None:
        problem = f"FuncTask({func!r}): say in which file: path='...'"
    elif func_name is not None and path is None:
        problem = f"FuncTask(func_name={func_name!r}): in which file? path='...'"
    elif not (func is None or isinstance(func, str) or callable(func)):
        problem = f"FuncTask: {func!r:.80} is no function"
    elif func is not None and not isinstance(func, str) and path is not None:
        name = getattr(func, "__name__", type(func).__name__)
        problem = f"FuncTask: the function {name}, or one of the file '{path}'? Leave out one"
    elif func is not None and func_name is not None:
        problem = f"FuncTask: the function {func!r}, or func_name={func_name!r}? Leave out one"
    elif not isinstance(path, str | os.PathLike | None):
        problem = f"FuncTask: path: {path!r:.80} is no path"
    if problem is not None:
        raise PolicyError(problem)
