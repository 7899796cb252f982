"""Conditions of an app's own: functions that are asked, and tasks whose results are the answer."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from rtd.common.errors import PolicyError
from rtd.common.units import parse_duration_s
from rtd.language.core.condition import Condition
from rtd.language.core.errors import ConditionError
from rtd.language.core.evaluation import NO_VALUE
from rtd.language.grammar import GRAMMAR
from rtd.language.leaves.custom import Custom
from rtd.language.parser import parse
from rtd.model.app_info import CustomConditionInfo
from rtd.session.core.task_condition import bind_arguments, task_name

if TYPE_CHECKING:
    from rtd.session.session import Session

Syntax = str | re.Pattern[str]
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class _Registration:
    """A condition as it was registered. `options` are those of its task, None without one;
    `label` is what the task's name says of it."""

    function: Callable[..., Any]
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] | None = None
    cooldown_s: float | None = None
    syntax: Syntax = ""
    label: str = ""

    def __call__(self, arguments: Mapping[str, str]) -> Any:
        return self.function(*self.args, **{**self.kwargs, **arguments})


#: All of this process, by the name under which the grammar has their syntax.
_REGISTERED: Final[dict[str, _Registration]] = {}


class FuncCond:
    """A condition that is a function: true when it returns something true.

    ```python
    @FuncCond(syntax="has work")
    def has_work(): ...

    @FuncCond(syntax=re.compile(r"folder (?P<folder>.+) has files"))
    def has_files(folder): ...
    ```

    It is asked in the app's main lane, with a time limit, while it can decide whether a task
    starts; then `start_cond="has work & daily after 08:00"` is all there is to write.
    """

    def __init__(
        self,
        func: Callable[..., Any] | None = None,
        syntax: Syntax | Iterable[Syntax] | None = None,
        args: Iterable[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        session: Session | None = None,
    ) -> None:
        """
        Args:
            func: the function; given later when this is a decorator.
            syntax: how the condition is written: a text, a compiled pattern whose named groups
                become arguments, or several of them; default: the function's name with blanks
                for underscores.
            args, kwargs: what the function is called with beside the groups.
            session: accepted; a syntax is known to the whole app.

        Raises:
            PolicyError: a syntax that is no text, means something already or cannot be read
                back, or arguments that the function does not take.
        """
        self._syntaxes = _listed(syntax)
        self._args, self._kwargs = tuple(args), dict(kwargs or {})
        self._text: str | None = None
        if func is not None:
            self._register(func)

    def __call__(self, func: F) -> F:
        """As a decorator: the function stays as it is."""
        self._register(func)
        return func

    def _registration(self, func: Callable[..., Any]) -> _Registration:
        if inspect.iscoroutinefunction(func):
            raise PolicyError(
                f"condition {func.__name__!r}: it is `async def`; write a plain `def`"
            )
        return _Registration(func, self._args, self._kwargs)

    def _register(self, func: Callable[..., Any]) -> None:
        name = f"{func.__module__}:{func.__qualname__}"
        syntaxes = self._syntaxes or (func.__name__.strip("_").replace("_", " "),)
        asked = self._registration(func)
        keys = [_key(f"{name}#{n}" if n else name, one) for n, one in enumerate(syntaxes)]
        label = _label(func.__name__, keys)
        for key, syntax in zip(keys, syntaxes, strict=True):
            _check_arguments(asked, syntax)
            try:
                GRAMMAR.custom(key, syntax)
            except ConditionError as error:
                raise PolicyError(f"condition {func.__name__!r}: {error.problem}") from None
            _REGISTERED[key] = replace(asked, syntax=syntax, label=label)
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
        session: Session | None = None,
        **options: Any,
    ) -> None:
        """
        Args:
            func, syntax, session: as for `FuncCond`.
            cooldown: the condition is false when the latest result is older (`"1 hour"`, or
                seconds); None: however old it is, it counts.
            options: of the task, `start_cond` above all; see `Session.task`.

        Raises:
            PolicyError: as `FuncCond`; or a cooldown that is no duration.
        """
        try:
            self._cooldown_s = None if cooldown is None else parse_duration_s(cooldown)
        except ValueError as error:
            raise PolicyError(f"TaskCond: cooldown: {error}") from None
        self._options = options
        super().__init__(func, syntax, session=session)

    def _registration(self, func: Callable[..., Any]) -> _Registration:
        return _Registration(func, options=self._options, cooldown_s=self._cooldown_s)


def as_condition(given: Condition | FuncCond) -> Condition:
    """A `FuncCond` as its condition; a condition as it is."""
    return given.condition if isinstance(given, FuncCond) else given


def _combines(other: object) -> bool:
    return isinstance(other, Condition | FuncCond)


def evaluate_condition(text: str) -> bool:
    """The value of a condition, by its text: calls its function, and raises what that raises."""
    leaf = parse(text)
    if not isinstance(leaf, Custom) or leaf.name not in _REGISTERED:
        raise LookupError(f"this app has no condition `{text}`")
    return bool(_REGISTERED[leaf.name](dict(leaf.arguments)))


def conditions_in_use(session: Session) -> dict[str, CustomConditionInfo]:
    """The custom conditions that the tasks of a session name, by their text. Makes the tasks of
    those that have one, if they are not there yet.

    Raises:
        PolicyError: the task of a `TaskCond` cannot be declared.
    """
    found: dict[str, CustomConditionInfo] = {}
    waiting = list(session.tasks.values())
    while waiting:
        schedule = waiting.pop().info.schedule
        for text in (schedule.start, schedule.end):
            for leaf in parse(text).leaves() if text else ():
                if isinstance(leaf, Custom) and leaf.text not in found:
                    found[leaf.text] = info = _info(leaf)
                    if info.task is not None and info.task not in session.tasks:
                        waiting.append(_declare(session, leaf, info.task))
    return found


def _info(leaf: Custom) -> CustomConditionInfo:
    asked = _REGISTERED[leaf.name]
    task = None if asked.options is None else task_name(asked.label, dict(leaf.arguments))
    return CustomConditionInfo(leaf.name, dict(leaf.arguments), task, asked.cooldown_s)


def _declare(session: Session, leaf: Custom, name: str) -> Any:
    asked = _REGISTERED[leaf.name]
    declare = session.task(name=name, **(asked.options or {}))
    return declare(bind_arguments(asked.function, dict(leaf.arguments)))


def _key(name: str, syntax: Syntax) -> str:
    """Under which a syntax is registered: a module that is imported again replaces what it has
    registered; functions that share a name, lambdas for example, are conditions of their own."""
    key, number = name, 1
    while key in _REGISTERED and _REGISTERED[key].syntax != syntax:
        number += 1
        key = f"{name}~{number}"
    return key


def _label(name: str, keys: Iterable[str]) -> str:
    """The name of a function, with a number if that of another task's has the same."""
    others = (asked for key, asked in _REGISTERED.items() if key not in keys)
    taken = {asked.label for asked in others if asked.options is not None}
    label, number = name, 1
    while label in taken:
        number += 1
        label = f"{name}-{number}"
    return label


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


def _check_arguments(asked: _Registration, syntax: Syntax) -> None:
    """Whether the function takes what its syntax and its declaration give it."""
    groups = dict.fromkeys(syntax.groupindex, "") if isinstance(syntax, re.Pattern) else {}
    name = asked.function.__name__
    try:
        inspect.signature(asked.function).bind(*asked.args, **{**asked.kwargs, **groups})
    except TypeError as error:
        given = ", ".join(groups) or "no arguments"
        raise PolicyError(f"condition {name!r}: its syntax gives {given}, but {error}") from None
    except ValueError:
        pass  # a built-in that does not say what it takes
