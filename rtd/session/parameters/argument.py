"""The base of arguments: values that are found right before a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final, NamedTuple, Protocol

from rtd.common.errors import PolicyError, UnserialisableError
from rtd.common.msgpack_values import pack, unpack
from rtd.session.core.session_state import SessionState
from rtd.session.core.signature import inspect_signature


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
        """The task of the run."""

    def parameter(self, name: str) -> Any:
        """Return the value of a parameter of the session; MISSING without one."""

    def task_result(self, task: str) -> Any:
        """Return the latest result of a task; MISSING when no run has succeeded."""


class Dependencies(NamedTuple):
    """The parameters of the session and the results of tasks that a value depends on."""

    names: frozenset[str] = frozenset()
    tasks: frozenset[str] = frozenset()


class Argument:
    """A value that is found right before each run, in the run's own process.

    A subclass overrides `get_value`, which may name `task` and `session`.
    """

    kind: ClassVar[str] = "function"
    private: bool = False

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "stage" in cls.__dict__:
            raise PolicyError(
                f"{cls.__name__}.stage: rtd does not call this method of Red Engine's; get_value is"
                " called in the run's own process, with the task and the session if it names them"
            )

    def get_value(self, **given: Any) -> Any:
        """Return the value for a run of `task`."""
        raise TypeError(f"{type(self).__name__} has no get_value() of its own")

    def parts(self) -> tuple[Argument, ...]:
        """Return the arguments that this one is made of."""
        return ()

    def resolve(self, source: ValueSource) -> Any:
        """Return the value for one run, or an argument that has the value, see `resolve_value`.

        Raises all that finding the value raises.
        """
        offers = {"task": lambda: source.task, "session": lambda: source.session}
        return self.get_value(**_accepted(self.get_value, offers))

    def dependencies(self, session: SessionState) -> Dependencies:
        """Return what `resolve` reads from its source."""
        of_parts = [part.dependencies(session) for part in self.parts()]
        return Dependencies(
            frozenset().union(*(one.names for one in of_parts)),
            frozenset().union(*(one.tasks for one in of_parts)),
        )

    def find_problem(self, session: SessionState) -> str | None:
        """Return why no run in this session can find the value; None: a run may find it."""
        found = (part.find_problem(session) for part in self.parts())
        return next((text for text in found if text is not None), None)

    def describe(self) -> str:
        """Return the text that is shown in place of a value."""
        return type(self).__name__


class SimpleArg(Argument):
    """A known value. Each run gets its own copy of plain lists and dicts."""

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
        value: what the task gets.
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
    """Return the value for one run.

    If an argument gives another argument, such as the `Private` that a function returns, that
    one is resolved in turn.
    """
    found = argument.resolve(source)
    while isinstance(found, Argument):
        found = found.resolve(source)
    return found


def calls_function(argument: Argument) -> bool:
    """Tell whether a function is called for the value."""
    return argument.kind == "function" or any(map(calls_function, argument.parts()))


def arguments_in(*values: Any) -> tuple[Argument, ...]:
    """Return those of the values that are arguments."""
    return tuple(value for value in values if isinstance(value, Argument))


def as_argument(value: Any) -> Argument:
    """Return the value as an argument."""
    return value if isinstance(value, Argument) else SimpleArg(value)


def is_plain(value: Any) -> bool:
    """Tell whether a value is plain data only, which can be stored and copied."""
    try:
        unpack(pack(value))
    except (UnserialisableError, ValueError):
        return False
    return True


def _accepted(function: Callable[..., Any], offers: dict[str, Callable[[], Any]]) -> dict[str, Any]:
    """Return the offers that a function names, or all when it takes any."""
    parameters = inspect_signature(function).parameters
    anything = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    return {name: get() for name, get in offers.items() if anything or name in parameters}
