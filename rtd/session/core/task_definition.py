"""A task as its app declared it: the callable behind a name, and how to call it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple, Protocol

from rtd.common.errors import PolicyError
from rtd.common.text_of import is_utf8
from rtd.model.manifest import COMMAND, TaskInfo

#: A pipe separates names. A terminal or a log would not show the others as they are: control
#: characters, line separators, and those that turn the direction of writing.
_REFUSED: Final = re.compile(r"[|\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
#: The values that Redis has for `FetchKeys`: values set at run time, then results; None where it
#: has none.
FetchedValues = Sequence[Sequence[bytes | None]]


class FetchKeys(NamedTuple):
    """The keys to fetch from Redis before a run: fields of parameters, names of tasks."""

    fields: tuple[str, ...]
    tasks: tuple[str, ...]


class RunParameters(Protocol):
    """The parameters that a task's runs get beside those of their submit; see
    `rtd.session.parameters.resolve.ParameterResolver`."""

    @property
    def fetch_keys(self) -> FetchKeys:
        """The keys to fetch before a run."""

    @property
    def is_quick(self) -> bool:
        """Whether no function of the app is called for the values."""

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that a run gets unless its submit has them."""

    @property
    def own(self) -> Mapping[str, Any]:
        """The task's own parameters, by name."""

    def find_problems(self) -> dict[str, str]:
        """Return a sentence for each parameter that cannot be found."""

    def resolve(self, given: dict[str, Any], fetched: FetchedValues | None) -> dict[str, Any]:
        """Return all parameters of one run."""


class AroundRun(Protocol):
    """The hooks around a task's runs; see `rtd.session.app.around_run.RunHooks`."""

    def run(self, work: Callable[[], Any]) -> Any:
        """Carry out one run and return its result."""

    async def run_async(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """Carry out one run of a coroutine function."""


class Middleware(Protocol):
    """The middleware around a task's runs; see
    `rtd.session.middleware.chain.MiddlewareChain`."""

    def begin(self, task: Any, add_note: Callable[[str], None]) -> Any:
        """Return a `rtd.session.middleware.chain.MiddlewareRun`, for one attempt."""


#: Makes the context around everything of a run, given the headers of its submit.
RunScope = Callable[[Mapping[str, str]], AbstractContextManager[Any]]


class CommandTemplate(Protocol):
    """The command of a task in lane `command`; see `rtd.session.tasks.command_task.Command`."""

    @property
    def shell_sign(self) -> str:
        """A sign that only a shell understands, in a command that no shell reads; mostly empty."""

    def invocation(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return what to run with these parameters."""


@dataclass(frozen=True, slots=True)
class TaskDefinition:
    """The data of a task, as executors carry it out.

    Attributes:
        target: what a run calls.
        info: what the supervisor knows of the task.
        parameters: the task's own, by name.
        free_names: other names that its code reads; the session gives those that it has.
        is_class: a run makes an instance of the target and calls its `start`.
        has_own_stop: the class has a `stop`, which rtd calls instead of raising `Stopped`.
        is_async: the target, or its `start`, is a coroutine function.
        provide_context: makes the context that each run of the class is within; None: none.
        command: what a task in lane `command` runs.
        resolver: what its runs get beside the parameters of their submit; None, as for most:
            nothing. Set when the whole app is known.
        run_hooks: what is called around its runs; None, as for most: nothing. Set then, too.
        middleware: what surrounds its runs and hears how they end; None: nothing. Set then, too.
        run_scope: makes the context that surrounds all of these, such as that of a Flask app;
            None: none. Set then, too.
        is_plain: a run calls the target with its parameters, and nothing else.
    """

    target: Callable[..., Any]
    info: TaskInfo
    parameters: dict[str, Any] = field(default_factory=dict)
    free_names: tuple[str, ...] = ()
    is_class: bool = False
    has_own_stop: bool = False
    is_async: bool = False
    provide_context: Callable[[], Any] | None = None
    command: CommandTemplate | None = None
    resolver: RunParameters | None = None
    run_hooks: AroundRun | None = None
    middleware: Middleware | None = None
    run_scope: RunScope | None = None
    is_plain: bool = field(init=False, default=True)

    def __post_init__(self) -> None:
        surrounded = (
            self.run_hooks is not None or self.middleware is not None or self.run_scope is not None
        )
        object.__setattr__(self, "is_plain", not (self.is_class or surrounded))

    def with_info(self, **changes: Any) -> TaskDefinition:
        """Return this definition with other fields of its `info`."""
        return replace(self, info=replace(self.info, **changes))

    def renamed(self, name: str) -> TaskDefinition:
        """Return this definition under another name."""
        return self.with_info(name=name)


def check_name(name: str | None, where: str) -> None:
    """Raise PolicyError when a task cannot have this name.

    Args:
        name: of the task.
        where: how an error calls the task.
    """
    if not isinstance(name, str) or not name or name == "<lambda>":
        raise PolicyError(f"{where}: give it a name: name='...'")
    if name == COMMAND:
        raise PolicyError(f"{where}: this name is taken by rtd's own task for shell commands")
    if not is_utf8(name):
        raise PolicyError(f"{where:.300}: its name is not UTF-8, so that no record can hold it")
    if len(name) > 200 or _REFUSED.search(name) or name[0] in "@-":
        raise PolicyError(  # on a command line these are a queue and a flag
            f"{where:.300}: a name has at most 200 characters, no '|', tab, line break or other"
            " control character, no leading '@' or '-'; give it one: name='...'"
        )
