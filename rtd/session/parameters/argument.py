"""A value that is found right before a run: what all kinds of it share."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, Protocol

from rtd.common.errors import UnserialisableError
from rtd.common.msgpack_values import pack, unpack

if TYPE_CHECKING:
    from rtd.session.session import Session


class _Missing:
    """The type of `MISSING`."""

    def __repr__(self) -> str:
        return "MISSING"


#: No value was given, where None is one.
MISSING: Final = _Missing()


class ValueSource(Protocol):
    """Where arguments find their values, for one run.

    Attributes:
        task: the task of the run.
        session: its session.
    """

    session: Any

    @property
    def task(self) -> Any:
        """See above."""

    def parameter(self, name: str) -> Any:
        """The value of a parameter of the session; MISSING without one."""

    def task_result(self, task: str) -> Any:
        """The latest result of a task; MISSING when it has never succeeded."""


class Dependencies(NamedTuple):
    """What an argument's value depends on: parameters of the session, results of tasks."""

    names: frozenset[str] = frozenset()
    tasks: frozenset[str] = frozenset()


class Argument:
    """A value that is found right before each run, in the run's own process.

    A class of your own overrides `get_value`, which may name `task` and `session`.
    """

    kind: ClassVar[str] = "function"
    private: bool = False

    def get_value(self, **given: Any) -> Any:
        """The value for a run of `task`."""
        raise TypeError(f"{type(self).__name__} has no get_value() of its own")

    def parts(self) -> tuple[Argument, ...]:
        """The arguments that it is made of."""
        return ()

    def resolve(self, source: ValueSource) -> Any:
        """The value for one run, or an argument that has it, see `value_of`. Raises whatever
        finding it raises."""
        offers = {"task": lambda: source.task, "session": lambda: source.session}
        return self.get_value(**_accepted(self.get_value, offers))

    def dependencies(self, session: Session) -> Dependencies:
        """What `find` will ask its source for."""
        used = [part.dependencies(session) for part in self.parts()]
        return Dependencies(
            frozenset().union(*(one.names for one in used)),
            frozenset().union(*(one.tasks for one in used)),
        )

    def find_problem(self, session: Session) -> str | None:
        """What is wrong with it in this session, whatever happens at run time; or None."""
        found = (part.find_problem(session) for part in self.parts())
        return next((text for text in found if text is not None), None)

    def describe(self) -> str:
        """What a person is shown in place of a value."""
        return type(self).__name__


class SimpleArg(Argument):
    """A value that is known beforehand. Each run gets its own copy of plain lists and dicts."""

    kind = "value"

    def __init__(self, value: Any) -> None:
        self.value = value
        self._copied = isinstance(value, list | dict | set) and is_plain(value)

    def get_value(self, **_given: Any) -> Any:
        return self.value

    def resolve(self, source: ValueSource) -> Any:
        if not self._copied:
            return self.value
        from copy import deepcopy  # lazy: few need it

        return deepcopy(self.value)

    def describe(self) -> str:
        return f"a value of type {type(self.value).__name__}"

    def __repr__(self) -> str:
        return f"SimpleArg({self.value!r})"


class Private(Argument):
    """A value, or another argument, that rtd never shows.

    Args:
        value: what the task is given.
    """

    private = True

    def __init__(self, value: Any) -> None:
        self.inner = as_argument(value)
        self.kind = self.inner.kind  # type: ignore[misc]

    def parts(self) -> tuple[Argument, ...]:
        return (self.inner,)

    def resolve(self, source: ValueSource) -> Any:
        return self.inner.resolve(source)

    def describe(self) -> str:
        return "" if isinstance(self.inner, SimpleArg) else self.inner.describe()

    def __repr__(self) -> str:
        return "Private(******)"


def resolve_value(argument: Argument, source: ValueSource) -> Any:
    """The value for one run: what the argument gives, and if that is an argument itself, such as
    the `Private` that a function returns, what that gives."""
    found = argument.resolve(source)
    while isinstance(found, Argument):
        found = found.resolve(source)
    return found


def calls_function(argument: Argument) -> bool:
    """Whether a function is called for its value."""
    return argument.kind == "function" or any(map(calls_function, argument.parts()))


def arguments_in(*values: Any) -> tuple[Argument, ...]:
    """Those of the values that are arguments."""
    return tuple(value for value in values if isinstance(value, Argument))


def as_argument(value: Any) -> Argument:
    """The value as an argument."""
    return value if isinstance(value, Argument) else SimpleArg(value)


def is_plain(value: Any) -> bool:
    """Whether a value holds nothing but plain data, which can be stored and copied."""
    try:
        unpack(pack(value))
    except (UnserialisableError, ValueError):
        return False
    return True


def _accepted(function: Callable[..., Any], offers: dict[str, Callable[[], Any]]) -> dict[str, Any]:
    """Those of the offers that a function names, or all when it takes any."""
    parameters = inspect.signature(function).parameters
    anything = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    return {name: get() for name, get in offers.items() if anything or name in parameters}
