"""The task behind each text of a `TaskCond`: its name, and its function with arguments given."""

from __future__ import annotations

import hashlib
import inspect
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

#: Names of tasks that a `TaskCond` makes begin with it.
TASK_PREFIX: Final = "_condition-"
_NAME_CHARS: Final = 200
_DIGEST_CHARS: Final = 12
_NOT_IN_NAMES: Final = re.compile(r"[|\0\n\r\t]")
_LIKE_TWO: Final = re.compile(r", \w+=")


def task_name(label: str, arguments: Mapping[str, str]) -> str:
    """`_condition-has_data(day=today)`: the same for the same arguments, over restarts too, and
    another one for others.

    What a name cannot hold is replaced, and what is too long is cut; such a name ends in a digest
    of the whole, and so does one in which a single argument reads like two.

    Args:
        label: what tells the function from those of other conditions.
        arguments: the groups that its syntax matched.
    """
    given = ", ".join(f"{name}={value}" for name, value in arguments.items())
    name = f"{TASK_PREFIX}{label}" + (f"({given})" if given else "")
    shown = _NOT_IN_NAMES.sub("/", name)
    plain = shown == name and not any(map(_LIKE_TWO.search, arguments.values()))
    if plain and len(name) <= _NAME_CHARS:
        return name
    whole = json.dumps([label, *arguments.items()]).encode()
    digest = hashlib.sha256(whole).hexdigest()[:_DIGEST_CHARS]
    return f"{shown[: _NAME_CHARS - _DIGEST_CHARS - 1]}~{digest}"


def bind_arguments(
    function: Callable[..., Any], arguments: Mapping[str, str]
) -> Callable[..., Any]:
    """The function with its arguments given, under its own name and documentation."""
    if not arguments:
        return function

    def asked(**others: Any) -> Any:
        return function(**arguments, **others)

    signature = inspect.signature(function)
    left = [p for name, p in signature.parameters.items() if name not in arguments]
    asked.__name__, asked.__doc__ = function.__name__, function.__doc__
    asked.__wrapped__ = function  # type: ignore[attr-defined]
    asked.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]
    return asked
