"""The parameters of a session as plain data, for the supervisor."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final, NamedTuple

from rtd.common.errors import UnserialisableError
from rtd.common.msgpack_values import pack
from rtd.common.units import format_bytes
from rtd.model.app_info import AppFault, ParameterInfo
from rtd.session.core.session_state import SessionState
from rtd.session.core.task_definition import TaskDefinition
from rtd.session.parameters.argument import Argument, SimpleArg, as_argument
from rtd.session.parameters.resolve import attach_resolvers

#: Larger values are left out: the supervisor would only show them.
_VALUE_BYTES: Final = 1 << 16


class ParameterManifest(NamedTuple):
    """The parameters of an app; see `rtd.model.app_info.AppInfo`."""

    parameters: tuple[ParameterInfo, ...]
    returned: tuple[str, ...]
    faults: tuple[AppFault, ...]


def describe_parameters(session: SessionState) -> ParameterManifest:
    """Set the resolver of every task, and describe the parameters of session and tasks.

    From here on each task's `info.filled` has the names, too.
    """
    attach_resolvers(session)
    shared = {name: as_argument(value) for name, value in session.parameters.items()}
    parameters = [_describe(session, name, None, argument) for name, argument in shared.items()]
    returned: set[str] = set()
    faults: list[AppFault] = []
    now_at = time.time()
    for task in session.tasks.values():
        resolver = task.definition.resolver
        names = () if resolver is None else resolver.names
        if names != task.definition.info.filled:
            task.definition = task.definition.with_info(filled=names)
        if resolver is not None:
            own = resolver.own.items()
            parameters += [_describe(session, name, task.name, argument) for name, argument in own]
            returned.update(resolver.fetch_keys.tasks)
        for what, text in _problems(task.definition):
            faults.append(AppFault("parameter", what, text, now_at))
    return ParameterManifest(tuple(parameters), tuple(sorted(returned)), tuple(faults))


def _problems(definition: TaskDefinition) -> Iterator[tuple[str, str]]:
    """Yield what keeps a task's runs from starting: task and parameter, and a sentence."""
    info, resolver = definition.info, definition.resolver
    if resolver is not None:
        for name, text in resolver.find_problems().items():
            yield f"{info.name}.{name}", f"{text} ({info.source})"
    if info.incomplete_reason is not None:
        yield info.name, f"{info.incomplete_reason} ({info.source})"


def _describe(
    session: SessionState, name: str, task: str | None, argument: Argument
) -> ParameterInfo:
    results = sorted(argument.dependencies(session).tasks)
    return _info(name, task, argument)._replace(results=results)


def _info(name: str, task: str | None, argument: Argument) -> ParameterInfo:
    if argument.private or not isinstance(argument, SimpleArg):
        return ParameterInfo(name, task, argument.kind, None, argument.private, argument.describe())
    try:
        value = pack(argument.value)
    except UnserialisableError:
        return ParameterInfo(name, task, argument.kind, None, False, argument.describe())
    if len(value) > _VALUE_BYTES:
        note = f"{argument.describe()}, {format_bytes(len(value))}"
        return ParameterInfo(name, task, argument.kind, None, False, note)
    return ParameterInfo(name, task, argument.kind, value, False)
