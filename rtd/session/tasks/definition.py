"""A task as its app declared it: the callable behind a name, and how to call it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from rtd.common.errors import PolicyError
from rtd.model.manifest import COMMAND, TaskInfo
from rtd.model.policies import Policies, read_policies
from rtd.session.core.schedule_options import read_schedule
from rtd.session.core.signature import TaskSignature, first_line, signature_of
from rtd.session.parameters.parameters import Parameters, default_arguments, read_parameters
from rtd.session.tasks.task_options import command_lane, parse_task_options, read_lane

if TYPE_CHECKING:
    from rtd.session.app.around_run import RunHooks
    from rtd.session.parameters.resolve import ParameterResolver


#: A pipe separates names; of the others (control characters, line separators, and what turns the
#: direction of writing) a terminal or a log would show something else than what is there.
_REFUSED: Final = re.compile(r"[|\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


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
    """What `@session.task` returns: still callable as the function it decorates.

    Attributes:
        target: what a run calls.
        info: what the supervisor knows of it.
        parameters: its own, by name.
        named: what else the session gives it, if the session has it.
        filling: what its runs are given beside that; decided when the whole app is known.
        around: what is called around its runs; None, as for most: nothing. Decided then, too.
        task: the task as an object (`rtd.core.Task`); None until somebody asks for it, see
            `rtd.session.tasks.base.task_of`.
        command: what a task in lane `command` runs.
    """

    def __init__(
        self,
        target: Callable[..., Any],
        info: TaskInfo,
        parameters: Parameters | None = None,
        shape: TaskSignature | None = None,
    ) -> None:
        self.target = target
        self.info = info
        self.parameters = Parameters() if parameters is None else parameters
        self.free_names = () if shape is None else shape.free_names
        self.resolver: ParameterResolver | None = None
        self.run_hooks: RunHooks | None = None
        self.task: Any = None
        self.command: Any = None
        starter = getattr(target, "start", target)
        self.is_class = inspect.isclass(target) if shape is None else shape.is_class
        self.is_async = inspect.iscoroutinefunction(starter) if shape is None else shape.is_async
        self.__doc__ = target.__doc__
        self.__name__ = getattr(target, "__name__", info.name)
        self.__wrapped__ = target

    @property
    def name(self) -> str:
        """The task's name."""
        return self.info.name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.target(*args, **kwargs)

    def __mro_entries__(self, _bases: tuple[Any, ...]) -> tuple[type, ...]:
        """A class may inherit from a class that is a task. Raises PolicyError for a function."""
        if not isinstance(self.target, type):
            raise PolicyError(f"task {self.name!r} is no class: no other can inherit from it")
        return (self.target,)

    def __repr__(self) -> str:
        return f"<task {self.name!r} in lane {self.info.lane!r}>"

    def has_own_stop(self) -> bool:
        """Whether the task is a class that wants to be asked by its own `stop`."""
        return self.is_class and getattr(self.target, "stop", Task.stop) is not Task.stop


def define(
    target: Callable[..., Any],
    *,
    name: str | None,
    lane: str | None = None,
    fresh: bool = False,
    options: Mapping[str, Any],
    shape: TaskSignature | None = None,
) -> TaskDefinition:
    """The definition of a function or class as a task.

    Args:
        target: what a run calls with its parameters.
        name: of the task; None: the target's own.
        lane: None: `async` for a coroutine function, else `process`.
        fresh: every run gets a process of its own.
        options: whatever else was said.
        shape: what is known of the task's code where the target itself does not tell it.

    Raises:
        PolicyError: a name, lane or policy that cannot be used; says which and why.
    """
    if not callable(target):
        raise PolicyError(f"{target!r} is no function or class; put @session.task() above one")
    task_name = name or getattr(target, "__name__", None)
    where = f"task {task_name!r}"
    check_name(task_name, where)
    shape = shape or signature_of(target, where)
    said = parse_task_options(options, lane, where)
    if shape.is_command:
        chosen = command_lane(said.lane, fresh, where)
    else:
        chosen = read_lane(said.lane, shape.is_async, fresh, where)
    schedule, rest = read_schedule(said.rest, chosen, where)
    names = [name for name, _ in shape.parameters]
    given = read_parameters(said.parameters, names, shape.any_parameters, where)
    info = TaskInfo(
        name=str(task_name),
        lane=chosen,
        fresh=fresh,
        parameters=shape.parameters,
        any_parameters=shape.any_parameters,
        policies=Policies(**read_policies(rest, chosen, where)),
        doc=shape.doc if said.description is None else first_line(said.description),
        source=shape.source,
        schedule=schedule,
        **said.switches,
    )
    own = Parameters({**default_arguments(target), **given})
    return TaskDefinition(target, info, own, shape)


def check_name(name: str | None, where: str) -> None:
    """Whether a task can have this name. Raises PolicyError."""
    if not isinstance(name, str) or not name or name == "<lambda>":
        raise PolicyError(f"{where}: give it a name: name='...'")
    if name == COMMAND:
        raise PolicyError(f"{where}: this name is taken by rtd's own task for shell commands")
    if len(name) > 200 or _REFUSED.search(name) or name[0] in "@-":
        raise PolicyError(  # on a command line these are a queue and a flag
            f"{where:.300}: a name has at most 200 characters, no '|', tab, line break or other"
            " control character, no leading '@' or '-'; give it one: name='...'"
        )
