"""Names of parameters of a session and of its tasks, in the supervisor and in Redis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from rtd.model.app_info import ParameterInfo

#: The text that replaces a private value.
HIDDEN: Final = "******"


def field_of(name: str, task: str | None = None) -> str:
    """Return the field in Redis of a value set at run time. No task's name holds `|`."""
    return f"{task or ''}|{name}"


def split_field(field: str) -> tuple[str, str | None]:
    """Return name and task of a field; the inverse of `field_of`."""
    task, _, name = field.partition("|")
    return name, task or None


def private_names(infos: Iterable[ParameterInfo], task: str) -> frozenset[str]:
    """Return the parameters of a task whose values must not be shown, from any source.

    A name that is private in the session is private in every task.
    """
    return frozenset(p.name for p in infos if p.private and p.task in (None, task))


def hide_secrets(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a command with the values of its environment and its standard input
    hidden: that is where its secrets belong.
    """
    found = dict(params)
    if isinstance(found.get("env"), Mapping):
        found["env"] = dict.fromkeys(found["env"], HIDDEN)
    if found.get("stdin") is not None:
        found["stdin"] = HIDDEN
    return found


def hide_private(params: Mapping[str, Any], private: frozenset[str]) -> dict[str, Any]:
    """Return the parameters with private values hidden."""
    return {name: HIDDEN if name in private else value for name, value in params.items()}
