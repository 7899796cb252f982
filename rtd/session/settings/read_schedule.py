"""The tasks of `SCHEDULE`: each entry calls a function under a condition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from rtd.common.did_you_mean import did_you_mean
from rtd.common.errors import AppError, PolicyError
from rtd.common.units import parse_duration_s
from rtd.model.policies import read_policies
from rtd.session.core.import_name import find_named
from rtd.session.core.schedule_options import read_schedule
from rtd.session.core.session_state import SessionState
from rtd.session.core.signature import inspect_signature
from rtd.session.parameters.parameters import Parameters
from rtd.session.settings.settings import SettingsModule
from rtd.session.tasks.func_task import FuncTask, declare_task
from rtd.session.tasks.task import Task

__all__ = ["declare_entries"]

SCHEDULE: Final = "SCHEDULE"
QUEUE: Final = "SCHEDULER_QUEUE"
CATCH_UP: Final = "SCHEDULER_MAX_CATCHUP"
_KEYS: Final = ("task", "schedule", "args", "kwargs", "singleton", "queue")
#: The default of `SCHEDULER_MAX_CATCHUP`.
_CATCH_UP_S: Final = 3600.0


def declare_entries(session: SessionState, settings: SettingsModule) -> None:
    """Make a task of each entry of `SCHEDULE`, named by its id.

    Raises:
        AppError: one line that names the entry and what is wrong with it.
    """
    place = settings.place_of(SCHEDULE)
    entries = settings.values[SCHEDULE]
    if not isinstance(entries, Mapping):
        raise AppError(f"{place}: {entries!r:.80} is no mapping of names to entries")
    span_s = _catch_up_s(settings)
    for name, entry in entries.items():
        where = f"{place}: {name!r:.200}"
        try:
            _declare(session, str(name), _checked(entry, where), settings, span_s, where)
        except PolicyError as error:
            text = error.sentence
            raise AppError(text if text.startswith(where) else f"{where}: {text}") from None


def _catch_up_s(settings: SettingsModule) -> float:
    try:
        return parse_duration_s(settings.values.get(CATCH_UP, _CATCH_UP_S))
    except ValueError as error:
        raise AppError(f"{settings.place_of(CATCH_UP)}: {error}") from None


def _checked(entry: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(entry, Mapping):
        raise AppError(f"{where}: {entry!r:.80} is no mapping with 'task' and 'schedule'")
    for key in entry:
        if key not in _KEYS:
            hint = did_you_mean(str(key), _KEYS, f"known: {', '.join(_KEYS)}")
            raise AppError(f"{where}: unknown key {key!r:.80}{hint}")
    for key in ("task", "schedule"):
        if entry.get(key) is None:
            raise AppError(f"{where}: it has no {key!r}")
    if not isinstance(entry["task"], str):
        raise AppError(f"{where}: task: {entry['task']!r:.80} is no text; write 'module.function'")
    if not isinstance(entry.get("singleton", True), bool):
        raise AppError(f"{where}: singleton: {entry['singleton']!r:.80} is neither True nor False")
    return entry


def _declare(
    session: SessionState,
    name: str,
    entry: Mapping[str, Any],
    settings: SettingsModule,
    span_s: float,
    where: str,
) -> None:
    found = find_named(entry["task"], f"{where}: task {entry['task']!r}")
    base = _task_of(session, found)
    target = base.func if isinstance(base, FuncTask) else found
    if (isinstance(found, Task) and not isinstance(base, FuncTask)) or not callable(target):
        raise AppError(f"{where}: task: {entry['task']} is no function")
    parameters = _bind(session, target, base, entry, where)
    singleton = entry.get("singleton", True)
    options = {
        "start_cond": entry["schedule"],
        **({} if singleton else {"overlap": True}),
        "catch_up": _catch_up(singleton, span_s),
    }
    queue = entry.get("queue", settings.values.get(QUEUE))
    if queue is not None:
        options["queue"] = queue
    if base is None:
        options["parameters"] = parameters
        declare_task(session, target, name=name, lane=None, options=options)
    else:
        _schedule_task(session, base, name, parameters, options, where)


def _schedule_task(
    session: SessionState,
    base: FuncTask,
    name: str,
    parameters: Mapping[str, Any],
    options: Mapping[str, Any],
    where: str,
) -> None:
    """Let a declared task start by an entry: the task itself if the entry has its name, else a
    copy of it."""
    info = base.definition.info
    given, policies = read_schedule(options, info.lane, where)
    schedule = replace(
        info.schedule, start=given.start, overlap=given.overlap, catch_up=given.catch_up
    )
    task = base
    if name != info.name:
        assert base.func is not None
        task = declare_task(session, base.func, name=name, lane=info.lane, options={})
        info = replace(info, name=name, on_startup=False, on_shutdown=False, force_run=False)
    elif info.schedule.start is not None:
        raise AppError(f"{where}: the task {name!r} has a start_cond already; keep one")
    task.definition = replace(
        base.definition,
        parameters=Parameters({**base.definition.parameters, **parameters}),
        info=replace(
            info,
            schedule=schedule,
            policies=replace(info.policies, **read_policies(policies, info.lane, where)),
        ),
    )


def _task_of(session: SessionState, found: Any) -> FuncTask | None:
    """Return the task that a name stands for, or that the function of that name was declared as."""
    if isinstance(found, FuncTask):
        return found
    tasks: list[Any] = list(session.tasks.values())
    return next((t for t in tasks if isinstance(t, FuncTask) and t.func is found), None)


def _catch_up(singleton: bool, span_s: float) -> str:
    if not span_s:
        return "none"
    return f"within {span_s:g} s" if singleton else "all"


def _bind(
    session: SessionState, target: Any, base: Task | None, entry: Mapping[str, Any], where: str
) -> dict[str, Any]:
    """Return the parameters that an entry's `args` and `kwargs` mean."""
    args, kwargs = entry.get("args") or (), entry.get("kwargs") or {}
    if not isinstance(args, list | tuple):
        raise AppError(f"{where}: args: {args!r:.80} is no list")
    if not isinstance(kwargs, Mapping):
        raise AppError(f"{where}: kwargs: {kwargs!r:.80} is no mapping of names to values")
    try:
        signature = inspect_signature(target)
        bound = signature.bind_partial(*args, **kwargs)
    except (TypeError, ValueError) as error:
        raise AppError(f"{where}: {entry['task']}: {error}") from None
    known = {*session.parameters, *(base.definition.parameters if base is not None else ())}
    found: dict[str, Any] = {}
    for name, value in bound.arguments.items():
        kind = signature.parameters[name].kind
        if kind is kind.VAR_POSITIONAL:
            raise AppError(f"{where}: {entry['task']} takes *{name}; rtd gives parameters by name")
        found |= value if kind is kind.VAR_KEYWORD else {name: value}
    missing = [
        name
        for name, one in signature.parameters.items()
        if one.default is one.empty
        and one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)
        and name not in known.union(found)
    ]
    if missing:
        raise AppError(f"{where}: {entry['task']} needs {', '.join(map(repr, missing))} in kwargs")
    return found
