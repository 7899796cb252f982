"""The custom conditions of this process by their syntax: evaluated, and their tasks declared."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from rtd.common.errors import PolicyError
from rtd.common.stdlib.hashes import sha256
from rtd.language.core.errors import ConditionError
from rtd.language.grammar import GRAMMAR
from rtd.language.leaves.custom import Custom
from rtd.language.parser import parse
from rtd.model.app_info import CustomConditionInfo
from rtd.session.core.session_state import SessionTask
from rtd.session.core.signature import inspect_signature

Syntax = str | re.Pattern[str]
#: Declares the task of a `TaskCond`: its name, its function, its options.
DeclareTask = Callable[[str, Callable[..., Any], Mapping[str, Any]], SessionTask]
#: Names of tasks that a `TaskCond` makes begin with it.
TASK_PREFIX: Final = "_condition-"
_NAME_CHARS: Final = 200
_DIGEST_CHARS: Final = 12
_NOT_IN_NAMES: Final = re.compile(r"[|\0\n\r\t]")
_LIKE_TWO: Final = re.compile(r", \w+=")


@dataclass(frozen=True, slots=True)
class ConditionEntry:
    """A custom condition as it was registered.

    Attributes:
        function: called for the value, or by the condition's task.
        args, kwargs: the function's arguments beside the groups of the syntax.
        options: of the condition's task; None for a condition without one.
        cooldown_s: how long a result of the task counts, in seconds.
        syntax: how the condition is written.
        label: names the function in the names of its tasks.
    """

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
_REGISTERED: Final[dict[str, ConditionEntry]] = {}


def register(condition: ConditionEntry, syntaxes: tuple[Syntax, ...]) -> None:
    """Make a condition known by each of its syntaxes.

    Raises:
        PolicyError: a syntax that has a meaning already or cannot be read back, or arguments
            that the function does not take.
    """
    function = condition.function
    name = f"{function.__module__}:{function.__qualname__}"
    keys = [_key(f"{name}#{n}" if n else name, one) for n, one in enumerate(syntaxes)]
    label = _label(function.__name__, keys)
    for key, syntax in zip(keys, syntaxes, strict=True):
        _check_arguments(condition, syntax)
        try:
            GRAMMAR.custom(key, syntax)
        except ConditionError as error:
            raise PolicyError(f"condition {function.__name__!r}: {error.problem}") from None
        _REGISTERED[key] = replace(condition, syntax=syntax, label=label)


def evaluate_condition(text: str) -> bool:
    """Return a custom condition's value. Calls its function and raises what that raises."""
    leaf = parse(text)
    if not isinstance(leaf, Custom) or leaf.name not in _REGISTERED:
        raise LookupError(f"this app has no condition `{text}`")
    return bool(_REGISTERED[leaf.name](dict(leaf.arguments)))


def conditions_in_use(
    tasks: Mapping[str, SessionTask], declare: DeclareTask
) -> dict[str, CustomConditionInfo]:
    """Return the custom conditions that tasks name, by their text.

    Args:
        tasks: of the session, by name.
        declare: makes the task of a `TaskCond` that has none yet.

    Raises:
        PolicyError: the task of a `TaskCond` cannot be declared.
    """
    in_use: dict[str, CustomConditionInfo] = {}
    waiting = list(tasks.values())
    while waiting:
        schedule = waiting.pop().definition.info.schedule
        for text in (schedule.start, schedule.end):
            for leaf in parse(text).leaves() if text else ():
                if isinstance(leaf, Custom) and leaf.text not in in_use:
                    in_use[leaf.text] = info = _info(leaf)
                    if info.task is not None and info.task not in tasks:
                        condition = _REGISTERED[leaf.name]
                        bound = bind_arguments(condition.function, dict(leaf.arguments))
                        waiting.append(declare(info.task, bound, condition.options or {}))
    return in_use


def _info(leaf: Custom) -> CustomConditionInfo:
    condition = _REGISTERED[leaf.name]
    arguments = dict(leaf.arguments)
    task = None if condition.options is None else task_name(condition.label, arguments)
    return CustomConditionInfo(leaf.name, arguments, task, condition.cooldown_s)


def task_name(label: str, arguments: Mapping[str, str]) -> str:
    """Return the name of a condition's task: `_condition-has_data(day=today)`.

    The same arguments give the same name, over restarts too; others give another name.
    Characters that a name cannot hold are replaced, and a long name is cut. Such a name ends in
    a digest of the whole, and so does one in which a single argument reads like two.

    Args:
        label: tells the function from those of other conditions.
        arguments: the groups that the syntax matched.
    """
    given = ", ".join(f"{name}={value}" for name, value in arguments.items())
    name = f"{TASK_PREFIX}{label}" + (f"({given})" if given else "")
    shown = _NOT_IN_NAMES.sub("/", name)
    plain = shown == name and not any(map(_LIKE_TWO.search, arguments.values()))
    if plain and len(name) <= _NAME_CHARS:
        return name
    whole = json.dumps([label, *arguments.items()]).encode()
    digest = sha256(whole).hexdigest()[:_DIGEST_CHARS]
    return f"{shown[: _NAME_CHARS - _DIGEST_CHARS - 1]}~{digest}"


def bind_arguments(
    function: Callable[..., Any], arguments: Mapping[str, str]
) -> Callable[..., Any]:
    """Return the function with these arguments bound, under its own name and documentation."""
    if not arguments:
        return function

    def bound(**others: Any) -> Any:
        return function(**arguments, **others)

    signature = inspect_signature(function)
    left = [p for name, p in signature.parameters.items() if name not in arguments]
    bound.__name__, bound.__doc__ = function.__name__, function.__doc__
    bound.__wrapped__ = function  # type: ignore[attr-defined]
    bound.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]
    return bound


def _key(name: str, syntax: Syntax) -> str:
    """Return the key of a syntax.

    A module that is imported again replaces its own conditions. Functions that share a name,
    lambdas for example, get separate keys.
    """
    key, number = name, 1
    while key in _REGISTERED and _REGISTERED[key].syntax != syntax:
        number += 1
        key = f"{name}~{number}"
    return key


def _label(name: str, keys: Iterable[str]) -> str:
    """Return a function's name, with a number if another condition's task has that label."""
    others = (condition for key, condition in _REGISTERED.items() if key not in keys)
    taken = {condition.label for condition in others if condition.options is not None}
    label, number = name, 1
    while label in taken:
        number += 1
        label = f"{name}-{number}"
    return label


def _check_arguments(condition: ConditionEntry, syntax: Syntax) -> None:
    """Raise PolicyError when the function does not take what syntax and declaration give it."""
    groups = dict.fromkeys(syntax.groupindex, "") if isinstance(syntax, re.Pattern) else {}
    name = condition.function.__name__
    try:
        inspect_signature(condition.function).bind(
            *condition.args, **{**condition.kwargs, **groups}
        )
    except TypeError as error:
        given = ", ".join(groups) or "no arguments"
        raise PolicyError(f"condition {name!r}: its syntax gives {given}, but {error}") from None
    except ValueError:
        pass  # a built-in function without a signature
