"""Custom conditions: functions that are called for their value, and tasks whose results are it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from rtd.common.errors import PolicyError
from rtd.common.units import parse_duration_s
from rtd.language.core.condition import Condition
from rtd.language.core.evaluation import NO_VALUE
from rtd.language.parser import parse
from rtd.session.core.condition_registry import ConditionEntry, Syntax, register

F = TypeVar("F", bound=Callable[..., Any])


class FuncCond:
    """A condition that is a function: true when it returns something true.

    ```python
    @FuncCond(syntax="has work")
    def has_work(): ...

    @FuncCond(syntax=re.compile(r"folder (?P<folder>.+) has files"))
    def has_files(folder): ...
    ```

    The function runs in the app's main lane, with a time limit, while its value can decide
    whether a task starts. A task names it by its syntax:
    `start_cond="has work & daily after 08:00"`.
    """

    def __init__(
        self,
        func: Callable[..., Any] | None = None,
        syntax: Syntax | Iterable[Syntax] | None = None,
        args: Iterable[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        session: object = None,
    ) -> None:
        """
        Args:
            func: the function; given later when this is a decorator.
            syntax: how the condition is written: a text, a compiled pattern whose named groups
                become arguments, or several of them; default: the function's name with blanks
                for underscores.
            args, kwargs: the function's arguments beside the groups.
            session: accepted and ignored; the whole app knows a syntax.

        Raises:
            PolicyError: a syntax that is no text, has a meaning already or cannot be read
                back, or arguments that the function does not take.
        """
        self._syntaxes = _listed(syntax)
        self._args, self._kwargs = tuple(args), dict(kwargs or {})
        self._text: str | None = None
        if func is not None:
            self._register(func)

    def __call__(self, func: F) -> F:
        """Register the function and return it unchanged."""
        self._register(func)
        return func

    def _registered(self, func: Callable[..., Any]) -> ConditionEntry:
        if inspect.iscoroutinefunction(func):
            raise PolicyError(
                f"condition {func.__name__!r}: it is `async def`; write a plain `def`"
            )
        return ConditionEntry(func, self._args, self._kwargs)

    def _register(self, func: Callable[..., Any]) -> None:
        syntaxes = self._syntaxes or (func.__name__.strip("_").replace("_", " "),)
        register(self._registered(func), syntaxes)
        self._text = next((text for text in syntaxes if isinstance(text, str)), None)

    @property
    def condition(self) -> Condition:
        """The condition as an object. Raises PolicyError when its only syntax is a pattern."""
        if self._text is None:
            raise PolicyError("write the condition as text: a pattern alone says no arguments")
        return parse(self._text)

    def __and__(self, other: Condition | FuncCond) -> Condition:
        return self.condition & as_condition(other) if _combines(other) else NotImplemented

    def __rand__(self, other: Condition) -> Condition:
        return other & self.condition if _combines(other) else NotImplemented

    def __or__(self, other: Condition | FuncCond) -> Condition:
        return self.condition | as_condition(other) if _combines(other) else NotImplemented

    def __ror__(self, other: Condition) -> Condition:
        return other | self.condition if _combines(other) else NotImplemented

    def __invert__(self) -> Condition:
        return ~self.condition

    def __bool__(self) -> bool:
        raise TypeError(NO_VALUE)


class TaskCond(FuncCond):
    """A condition whose value is the latest result of a task that runs in the background.

    ```python
    @TaskCond(syntax=re.compile(r"data exists for (?P<day>.+)"), start_cond="every 10 minutes")
    def has_data(day): ...
    ```

    Each text in use makes a task (`_condition-has_data(day=today)`), which starts by its own
    condition, in any lane, with all policies of tasks.
    """

    def __init__(
        self,
        func: Callable[..., Any] | None = None,
        syntax: Syntax | Iterable[Syntax] | None = None,
        cooldown: str | float | None = None,
        session: object = None,
        **options: Any,
    ) -> None:
        """
        Args:
            func, syntax, session: as for `FuncCond`.
            cooldown: the condition is false when the latest result is older (`"1 hour"`, or
                seconds); None: a result of any age counts.
            options: of the task, mostly `start_cond`; see `rtd.session.Session.task`.

        Raises:
            PolicyError: as `FuncCond`; or a cooldown that is no duration.
        """
        try:
            self._cooldown_s = None if cooldown is None else parse_duration_s(cooldown)
        except ValueError as error:
            raise PolicyError(f"TaskCond: cooldown: {error}") from None
        self._options = options
        super().__init__(func, syntax, session=session)

    def _registered(self, func: Callable[..., Any]) -> ConditionEntry:
        return ConditionEntry(func, options=self._options, cooldown_s=self._cooldown_s)


def as_condition(given: Condition | FuncCond) -> Condition:
    """Return the condition of a `FuncCond`, or a condition as it is."""
    return given.condition if isinstance(given, FuncCond) else given


def _combines(other: object) -> bool:
    return isinstance(other, Condition | FuncCond)


def _listed(syntax: Syntax | Iterable[Syntax] | None) -> tuple[Syntax, ...]:
    if syntax is None:
        return ()
    given = (syntax,) if isinstance(syntax, str | re.Pattern) else syntax
    listed = tuple(given) if isinstance(given, Iterable) else (given,)
    for one in listed:
        if not isinstance(one, str | re.Pattern):
            raise PolicyError(
                f"FuncCond: syntax: a text or a compiled pattern, not {type(one).__name__}"
            )
    return listed
