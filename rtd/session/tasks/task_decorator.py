"""How `@session.task` makes a task of a function, and what all tasks of a session share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rtd.model.manifest import TaskInfo
from rtd.session.tasks.base import task_of
from rtd.session.tasks.definition import TaskDefinition, define

if TYPE_CHECKING:
    from rtd.session.session import Session


def declare_task(
    session: Session,
    function: Callable[..., Any],
    *,
    name: str | None,
    lane: str | None,
    fresh: bool,
    options: dict[str, Any],
) -> TaskDefinition:
    """Define a task and put it into the session, with the session's hooks around that.

    Raises:
        PolicyError: an option, a name or a condition that cannot be used.
    """
    rest = dict(options)
    on_exists = rest.pop("on_exists", None)
    if name is None and session.config.use_instance_naming:
        name = str(id(function))
    definition = define(function, name=name, lane=lane, fresh=fresh, options=rest)
    if not session.hooks.init:
        session.add(definition, on_exists)
        return definition
    surrounding = session.init_hook_scope()
    surrounding.before(task_of(definition, session))
    session.add(definition, on_exists)
    surrounding.after()
    return definition


def infos_with_timezone(
    definitions: Iterable[TaskDefinition], timezone: str | None
) -> list[TaskInfo]:
    """What the supervisor knows of tasks; those that name no time zone are given this one."""
    if timezone is None:
        return [definition.info for definition in definitions]
    return [
        info
        if info.schedule.timezone is not None
        else replace(info, schedule=replace(info.schedule, timezone=timezone))
        for info in (definition.info for definition in definitions)
    ]
