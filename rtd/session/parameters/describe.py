"""What a session tells the supervisor of its parameters."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from rtd.common.errors import UnserialisableError
from rtd.common.msgpack_values import pack
from rtd.common.units import format_bytes
from rtd.model.app_info import AppFault, ParameterInfo
from rtd.session.parameters.argument import Argument, SimpleArg, as_argument
from rtd.session.parameters.resolve import attach_resolvers

if TYPE_CHECKING:
    from rtd.session.session import Session
    from rtd.session.tasks.definition import TaskDefinition

#: A larger value is not told: the supervisor would only show it.
_VALUE_BYTES: Final = 1 << 16


class ParameterManifest(NamedTuple):
    """The parameters of an app; see `rtd.model.app_info.AppInfo`."""

    parameters: tuple[ParameterInfo, ...]
    returned: tuple[str, ...]
    faults: tuple[AppFault, ...]


def describe_parameters(session: Session) -> ParameterManifest:
    """Decide what the runs of every task are given, and tell it.

    Each task's `info.filled` says it from here on, too.
    """
    attach_resolvers(session)
    shared = {name: as_argument(value) for name, value in session.parameters.items()}
    parameters = [_told(session, name, None, argument) for name, argument in shared.items()]
    returned: set[str] = set()
    faults: list[AppFault] = []
    now_at = time.time()
    for definition in session.tasks.values():
        filling = definition.resolver
        names = () if filling is None else filling.names
        if names != definition.info.filled:
            definition.info = dataclasses.replace(definition.info, filled=names)
        if filling is not None:
            own = filling.own.items()
            parameters += [_told(session, n, definition.name, argument) for n, argument in own]
            returned.update(filling.fetch_keys.tasks)
        for what, text in _problems(definition):
            faults.append(AppFault("parameter", what, text, now_at))
    return ParameterManifest(tuple(parameters), tuple(sorted(returned)), tuple(faults))


def _problems(definition: TaskDefinition) -> Iterator[tuple[str, str]]:
    """What will keep a task's runs from starting: (task and parameter, sentence)."""
    info, filling = definition.info, definition.resolver
    if filling is not None:
        for name, text in filling.find_problems().items():
            yield f"{info.name}.{name}", f"{text} ({info.source})"
    if info.incomplete_reason is not None:
        yield info.name, f"{info.incomplete_reason} ({info.source})"


def _told(session: Session, name: str, task: str | None, argument: Argument) -> ParameterInfo:
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
