"""A task as its app declared it: the callable behind a name, and how to call it."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

from rtd.model.errors import PolicyError
from rtd.model.manifest import COMMAND, TaskInfo
from rtd.model.policy import LANES, Policies, read_options
from rtd.session.schedule import read_schedule

_USER_LANES: Final = tuple(lane for lane in LANES if lane != "command")


class Task:
    """Base of class tasks: one instance per run, made from the run's parameters.

    Override `start`; override `stop` to be asked to end instead of getting `Stopped`
    raised. Register the class with `@session.task()`.
    """

    def start(self) -> Any:
        """Do the work; what it returns is the run's result."""
        raise TypeError(f"{type(self).__name__} has no start() of its own")

    def stop(self) -> None:
        """Asked to end: make `start` return soon. Called in the thread that runs `start`
        (process and main lane) or beside it (thread lane)."""


class TaskDefinition:
    """What `@session.task` returns: still callable as the function it decorates."""

    def __init__(self, target: Callable[..., Any], info: TaskInfo) -> None:
        self.target = target
        self.info = info
        self.is_class = inspect.isclass(target)
        self.is_async = inspect.iscoroutinefunction(getattr(target, "start", target))
        self.__doc__ = target.__doc__
        self.__name__ = getattr(target, "__name__", info.name)
        self.__wrapped__ = target

    @property
    def name(self) -> str:
        """The task's name."""
        return self.info.name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.target(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<task {self.name!r} in lane {self.info.lane!r}>"

    def has_own_stop(self) -> bool:
        """Whether the task is a class that wants to be asked by its own `stop`."""
        return self.is_class and getattr(self.target, "stop", Task.stop) is not Task.stop


def define(
    target: Callable[..., Any],
    *,
    name: str | None,
    lane: str | None,
    fresh: bool,
    options: Mapping[str, Any],
) -> TaskDefinition:
    """The definition of a function or class as a task.

    Raises:
        PolicyError: a name, lane or policy that cannot be used; says which and why.
    """
    if not callable(target):
        raise PolicyError(f"{target!r} is no function or class; put @session.task() above one")
    task_name = name or getattr(target, "__name__", None)
    where = f"task {task_name!r}"
    _check_name(task_name, where)
    is_class = inspect.isclass(target)
    starter = getattr(target, "start", None) if is_class else target
    if is_class and not callable(starter):
        raise PolicyError(f"{where}: a class task needs a method start()")
    is_async = inspect.iscoroutinefunction(starter)
    chosen = lane or ("async" if is_async else "process")
    _check_lane(chosen, is_async, fresh, where)
    parameters, any_parameters = _parameters(target)
    required = [name for name, needed in parameters if needed]
    schedule, options = read_schedule(options, chosen, where)
    if schedule.start is not None and required:
        raise PolicyError(
            f"{where}: a task that starts by a condition is given no parameters;"
            f" give {', '.join(map(repr, required))} a default"
        )
    info = TaskInfo(
        name=str(task_name),
        lane=chosen,
        fresh=fresh,
        parameters=parameters,
        any_parameters=any_parameters,
        policies=Policies(**read_options(options, chosen, where)),
        doc=(inspect.getdoc(target) or "").partition("\n")[0],
        source=_source(target),
        schedule=schedule,
    )
    return TaskDefinition(target, info)


def _check_name(name: str | None, where: str) -> None:
    if not isinstance(name, str) or not name or name == "<lambda>":
        raise PolicyError(f"{where}: give it a name: @session.task(name='...')")
    if name == COMMAND:
        raise PolicyError(f"{where}: this name is taken by rtd's own task for shell commands")
    if len(name) > 200 or any(c in name for c in "|\0\n\r\t") or name.startswith("@"):
        raise PolicyError(
            f"{where}: a name has at most 200 characters, no '|' or line break, no leading '@'"
        )


def _check_lane(lane: str, is_async: bool, fresh: bool, where: str) -> None:
    if lane not in _USER_LANES:
        raise PolicyError(f"{where}: unknown lane {lane!r}; known: {', '.join(_USER_LANES)}")
    if is_async and lane != "async":
        raise PolicyError(f"{where}: it is 'async def', so its lane is 'async', not {lane!r}")
    if lane == "async" and not is_async:
        raise PolicyError(f"{where}: lane 'async' needs 'async def'; use 'thread' or 'process'")
    if fresh and lane != "process":
        raise PolicyError(f"{where}: fresh=True means an own process; its lane must be 'process'")


def _parameters(target: Callable[..., Any]) -> tuple[tuple[tuple[str, bool], ...], bool]:
    """Names that can be given by keyword and whether they must be; and `**kwargs`."""
    try:
        signature = inspect.signature(target)
    except (TypeError, ValueError):
        return (), True
    kinds = inspect.Parameter
    names = []
    any_parameters = False
    for parameter in signature.parameters.values():
        if parameter.kind is kinds.VAR_KEYWORD:
            any_parameters = True
        elif parameter.kind in (kinds.POSITIONAL_OR_KEYWORD, kinds.KEYWORD_ONLY):
            names.append((parameter.name, parameter.default is kinds.empty))
        elif parameter.kind is kinds.POSITIONAL_ONLY and parameter.default is kinds.empty:
            raise PolicyError(
                f"parameter {parameter.name!r} of {target!r} is positional-only; "
                "rtd passes parameters by name"
            )
    return tuple(names), any_parameters


def _source(target: Callable[..., Any]) -> str:
    try:
        unwrapped = inspect.unwrap(target)
        code = getattr(unwrapped, "__code__", None)
        if code is not None:  # without reading the file: an app may have very many tasks
            return f"{code.co_filename}:{code.co_firstlineno}"
        file = inspect.getsourcefile(unwrapped) or "?"
        # A function knows its line; its source lines are found by reading the file once more.
        code = getattr(unwrapped, "__code__", None)
        line = inspect.getsourcelines(unwrapped)[1] if code is None else code.co_firstlineno
        return f"{file}:{line}"
    except (OSError, TypeError):
        return ""
