"""A task comes into its session, under a name that is its own."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

from rtd.common.errors import PolicyError
from rtd.session.core.session_config import PRE_EXIST
from rtd.session.tasks.definition import check_name

if TYPE_CHECKING:
    from rtd.session.tasks.definition import TaskDefinition


def add_task(tasks: dict[str, TaskDefinition], definition: TaskDefinition, on_exists: str) -> None:
    """Put a task among others.

    Args:
        tasks: by name.
        on_exists: what to do when its name is taken: `raise`; `replace` the one that is there;
            `ignore` this one, which then runs nowhere; `rename` this one: the first number from
            0 that makes its name unique is added.

    Raises:
        PolicyError: the name is taken; says where the other one is declared.
    """
    if on_exists not in PRE_EXIST:
        known = ", ".join(map(repr, PRE_EXIST))
        raise PolicyError(f"task {definition.name!r}: on_exists: {on_exists!r} is none of {known}")
    there = tasks.get(definition.name)
    if there is not None and there is not definition:
        if on_exists == "ignore":
            return
        if on_exists == "raise":
            raise PolicyError(
                f"task {definition.name!r} exists already (declared in {there.info.source})"
            )
        if on_exists == "rename":
            give_name(definition, _free(tasks, definition.name))
        else:
            del tasks[definition.name]
    tasks[definition.name] = definition


def rename(tasks: dict[str, TaskDefinition], definition: TaskDefinition, name: str) -> None:
    """Give a task another name. Raises PolicyError when it is taken or cannot be used."""
    there = tasks.get(name)
    if there is not None and there is not definition:
        raise PolicyError(f"task {name!r} exists already (declared in {there.info.source})")
    if tasks.get(definition.name) is definition:
        del tasks[definition.name]
        tasks[name] = definition
    give_name(definition, name)


def give_name(definition: TaskDefinition, name: str) -> None:
    """Let a definition say another name. Raises PolicyError."""
    check_name(name, f"task {name!r}")
    definition.info = replace(definition.info, name=name)


def _free(tasks: dict[str, TaskDefinition], name: str) -> str:
    return next(found for n in count() if (found := f"{name}{n}") not in tasks)
