"""A task that is a function, or a class with `start`: `FuncTask`."""

from __future__ import annotations

import os
from collections.abc import Callable
from inspect import isclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtd.common.errors import PolicyError
from rtd.common.text_of import show_value
from rtd.session.context.run_context import report_fault
from rtd.session.core.app_errors import is_app_error
from rtd.session.core.session_state import SessionState
from rtd.session.core.signature import TaskSignature, caller_location, signature_of
from rtd.session.tasks.check_class import check_class, refuse_instance
from rtd.session.tasks.class_task import read_name
from rtd.session.tasks.define_task import define_task
from rtd.session.tasks.task import Task, fill_task_data

if TYPE_CHECKING:
    from rtd.session.tasks.delayed_function import DelayedFunction


class FuncTask(Task):
    """A function as a task, in one of three ways.

    ```python
    @FuncTask(start_cond="daily")           # the function stays unchanged
    def report(): ...

    FuncTask(report, name="again", start_cond="hourly")

    FuncTask(path="scripts/clean.py", func_name="main", start_cond="weekly")
    ```

    In the last one a run imports the file when it needs it, and again when the file has changed.
    `@session.task()` returns one of these, which is called like the function.

    Attributes:
        func: the function; None for a function in a file.
        path: the file; None without one.
        func_name: the function's name in the file.
    """

    func: Callable[..., Any] | None = None
    path: Path | None = None
    func_name: str = "main"
    _delayed: DelayedFunction | None = None
    _may_decorate = True
    _fixed = frozenset({"func", "path", "func_name"})
    __name__: str
    __wrapped__: Callable[..., Any]

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
            path: the function's file, relative to the working directory.
            func_name: the function's name in the file; default: `main`.
            options: see `rtd.core.Task`.

        Raises:
            PolicyError: an option, a name or a condition that cannot be used.
        """
        self._options = options
        _refuse(func, path, func_name)
        if func is None and path is None:
            return  # a decorator, whose function comes next
        self.func = None if isinstance(func, str) else _declared_code(func)
        self.func_name = func if isinstance(func, str) else func_name or "main"
        if path is not None:
            from rtd.session.tasks.delayed_function import (
                DelayedFunction,  # lazy: few functions are in files
            )

            self.path = Path(path)
            self._delayed = DelayedFunction(self.path, self.func_name)
        super().__init__(**options)
        if self._delayed is not None and self._delayed.syntax_error:
            text = f"{self._delayed.syntax_error}; its runs fail until it is mended"
            self.session.add_fault("task", self.name, text)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function. As a decorator: take the function and return it."""
        if self.func is not None:
            return self.func(*args, **kwargs)
        if self._delayed is not None:
            return self._delayed(*args, **kwargs)
        if len(args) != 1 or kwargs or not callable(args[0]):
            raise PolicyError("FuncTask(...) needs a function below it: @FuncTask(...)")
        self.func = _declared_code(args[0])
        super().__init__(**self._options)
        return self.func

    def execute(self, **params: Any) -> Any:
        """Call the function."""
        if self._delayed is None:
            assert self.func is not None
            result = self.func(**params)
            return result.start() if isclass(self.func) else result
        try:
            function = self._delayed.load()
        except BaseException as error:
            if is_app_error(error):
                halts = not self.session.config.silence_task_prerun
                report_fault("task", self.name, error, halts=halts)
            raise
        return function(**params)

    def get_default_name(self) -> str:
        """Return the function's own name; `folder.file:function` for a function in a file."""
        if self.path is not None:
            return f"{'.'.join(self.path.with_suffix('').parts).strip('/.')}:{self.func_name}"
        return getattr(self.func, "__name__", type(self.func).__name__)

    def _target(self) -> Callable[..., Any]:
        """Return the function itself where possible, so that a run calls nothing else."""
        if self.func is not None and type(self).execute is FuncTask.execute:
            return self.func
        return self.execute

    def _signature(self, where: str) -> TaskSignature:
        if self._delayed is not None:
            signature = self._delayed.read_signature()
            if not self._delayed.is_known:  # then what the declaration says has to do
                lane = self._options.get("lane", self._options.get("execution"))
                signature = signature._replace(is_async=lane == "async")
            return signature
        assert self.func is not None
        signature = _signature_of(self.func, where)
        if self._target() is not self.func:  # then `execute` itself makes the instance
            signature = signature._replace(is_class=False, has_own_stop=False)
        return signature if signature.source else signature._replace(source=caller_location())

    def __mro_entries__(self, _bases: tuple[Any, ...]) -> tuple[type, ...]:
        """Let a class inherit from a class that is a task. Raises PolicyError for a function."""
        if not isinstance(self.func, type):
            raise PolicyError(f"task {self.name!r} is no class: no other can inherit from it")
        return (self.func,)


def declare_task(
    session: SessionState,
    target: Callable[..., Any],
    *,
    name: str | None,
    lane: str | None,
    options: dict[str, Any],
    kind: type[FuncTask] = FuncTask,
) -> FuncTask:
    """Make a task for `@session.task` and put it into the session, with the init hooks around.

    Args:
        kind: the class of the task.

    Raises:
        PolicyError: an option, a name or a condition that cannot be used.
    """
    refuse_instance(target, "session.task")
    _refuse_no_code(target)
    target = _declared_code(target)
    rest = dict(options)
    on_exists = rest.pop("on_exists", None)
    if name is None and session.config.use_instance_naming:
        name = str(id(target))
    name = name or read_name(target) or getattr(target, "__name__", None)
    lane = lane if "execution" in rest else lane or getattr(target, "LANE", None)
    signature = _signature_of(target, f"task {name!r}")
    task = kind.__new__(kind)
    task.session, task.func = session, target
    task.definition = define_task(target, name, rest, signature, lane)
    task.__doc__ = target.__doc__
    task.__name__ = getattr(target, "__name__", None) or str(name)
    task.__wrapped__ = target
    hooks = session.init_hook_scope()
    hooks.before(task)
    session.add(task, on_exists)
    hooks.after()
    return task


def _declared_code(target: Any) -> Any:
    """Return the function or class below a task that is declared once more, else the target: a
    coroutine function must be seen as one."""
    if isinstance(target, FuncTask) and target.func is not None:
        return target._target()
    return target


def _refuse_no_code(target: Any) -> None:
    """Raise PolicyError for what is declared as a task and cannot be called."""
    if callable(target):
        return
    hint = "put the decorator above one"
    if isinstance(target, str):
        hint = f"the name of a task is an option: name={target!r}"
    raise PolicyError(f"{show_value(target)} is no function or class; {hint}")


def _signature_of(target: Callable[..., Any], where: str) -> TaskSignature:
    """Return the signature of a function or class. A class with `Task` as its base must have a
    `start`; its instances are made per run."""
    signature = signature_of(target, where)
    if not isclass(target):
        return signature
    check_class(target, where)
    if issubclass(target, Task):
        if target.start is Task.start:
            raise PolicyError(f"{where}: a class task needs a method start()")
        target.is_made_per_run = True
        fill_task_data(target)
        if target.__init__ is Task.__init__:
            signature = signature._replace(parameters=(), any_parameters=False)
    own_stop = getattr(target, "stop", Task.stop) is not Task.stop
    return signature._replace(has_own_stop=own_stop)


def _refuse(func: Any, path: Any, func_name: Any) -> None:
    """Raise PolicyError for arguments that contradict each other or name no function."""
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
