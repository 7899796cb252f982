"""Parameters of a session and of its tasks, as the supervisor and Redis know them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from rtd.model.app_info import ParameterInfo

#: What is shown in place of a private value.
HIDDEN: Final = "******"


def field_of(name: str, task: str | None = None) -> str:
    """Where a value that was set at run time is kept: no task's name holds `|`."""
    return f"{task or ''}|{name}"


def split_field(field: str) -> tuple[str, str | None]:
    """Name and task of a field; the inverse of `field_of`."""
    task, _, name = field.partition("|")
    return name, task or None


def private_names(infos: Iterable[ParameterInfo], task: str) -> frozenset[str]:
    """The parameters of a task whose values are not to be shown, whoever gives them.

    A name that is private in the session is so in every task.
    """
    return frozenset(p.name for p in infos if p.private and p.task in (None, task))


def hide_private(params: Mapping[str, Any], private: frozenset[str]) -> dict[str, Any]:
    """Parameters to show."""
    return {name: HIDDEN if name in private else value for name, value in params.items()}
