"""`params_ls`, `params_get`, `params_set`, `params_unset`: parameters of the session and tasks."""

from typing import Any

from rtd.common.did_you_mean import did_you_mean
from rtd.common.errors import NoSuchParameter, TooLarge
from rtd.common.units import format_bytes
from rtd.model.app_info import ParameterInfo
from rtd.model.manifest import TaskInfo
from rtd.model.parameter_names import HIDDEN, field_of, split_field
from rtd.protocol import frames, parameter_verbs
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.verb_handlers import handles
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.log import log

Row = dict[str, Any]


@handles(parameter_verbs.PARAMS_LS)
async def ls(request: ClientRequest) -> Row:
    """Return all parameters, or those that a task gets."""
    context, task = request.context, request.params["task"]
    infos = context.manifest.info.parameters
    if task is None:
        infos += await _left_over(context)
    else:
        infos = _given_to(context.manifest.find(task), infos)
    ordered = sorted(infos, key=lambda p: (p.task or "", p.name))
    return {"params": await _rows(context, ordered)}


@handles(parameter_verbs.PARAMS_GET)
async def get(request: ClientRequest) -> Row:
    """Return one parameter."""
    return await _one(request)


@handles(parameter_verbs.PARAMS_SET)
async def set_(request: ClientRequest) -> Row:
    """Set another value, from the next run on."""
    context, info = request.context, _find(request)
    blob = frames.dump_value(request.params["value"], "the value")
    limit = context.config.limits.params_bytes
    if len(blob) > limit:
        raise TooLarge(
            f"the value has {format_bytes(len(blob))}, the limit is {format_bytes(limit)};"
            " pass large data by file, or raise limits.params"
        )
    await context.execute(
        context.commands.set_param(context.config.node, field_of(info.name, info.task), blob)
    )
    _say(request, info, "set")
    return await _one(request)


@handles(parameter_verbs.PARAMS_UNSET)
async def unset(request: ClientRequest) -> Row:
    """Let the value that the app declares hold again."""
    context, name, task = request.context, request.params["name"], request.params["task"]
    left = [info for info in await _left_over(context) if (info.name, info.task) == (name, task)]
    info = left[0] if left else _find(request)
    if await context.execute(
        context.commands.unset_param(context.config.node, field_of(info.name, info.task))
    ):
        _say(request, info, "unset")
    return {"param": (await _rows(context, [info]))[0]}


def _say(request: ClientRequest, info: ParameterInfo, what: str) -> None:
    """Log which client did it, never the value."""
    whose = f"of task {info.task!r}" if info.task else "of the session"
    log.info("%s has %s the parameter %r %s", request.client.peer.text, what, info.name, whose)


async def _left_over(context: SupervisorContext) -> tuple[ParameterInfo, ...]:
    """Return parameters that were set at run time and are not declared any more. They may have
    been private, so they count as private."""
    known = {(info.name, info.task) for info in context.manifest.info.parameters}
    found = [
        split_field(field) for field in await context.execute(context.commands.get_all_params())
    ]
    return tuple(
        ParameterInfo(*one, "value", None, True, "the app does not declare it any more")
        for one in found
        if one not in known
    )


def _find(request: ClientRequest) -> ParameterInfo:
    """Return the declared parameter that a request names. Raises UnknownTask, NoSuchParameter."""
    context, name, task = request.context, request.params["name"], request.params["task"]
    infos = context.manifest.info.parameters
    if task is not None:
        context.manifest.find(task)
    for info in infos:
        if (info.name, info.task) == (name, task):
            return info
    where = (
        f"task {task!r} has no parameter {name!r} of its own"
        if task is not None
        else (f"the session has no parameter {name!r}")
    )
    raise NoSuchParameter(f"{where}{_hint(infos, name, task)}")


def _hint(infos: tuple[ParameterInfo, ...], name: str, task: str | None) -> str:
    elsewhere = [info.task for info in infos if info.name == name]
    if None in elsewhere:
        return "; it is the session's: leave out the task"
    if elsewhere:
        return f"; it is task {elsewhere[0]!r}'s own: name the task, too"
    known = [info.name for info in infos if info.task == task]
    return did_you_mean(
        name, known, "a parameter is declared in the app (`rtctl params` lists all)"
    )


def _given_to(task: TaskInfo, infos: tuple[ParameterInfo, ...]) -> tuple[ParameterInfo, ...]:
    own = {info.name for info in infos if info.task == task.name}
    return tuple(
        info
        for info in infos
        if info.task == task.name
        or (info.task is None and info.name in task.filled and info.name not in own)
    )


async def _one(request: ClientRequest) -> Row:
    return {"param": (await _rows(request.context, [_find(request)]))[0]}


async def _rows(context: SupervisorContext, infos: list[ParameterInfo]) -> list[Row]:
    found: dict[str, bytes] = await context.execute(context.commands.get_all_params())
    private = {info.name for info in infos if info.private and info.task is None}
    return [_row(info, found.get(field_of(info.name, info.task)), private) for info in infos]


def _row(info: ParameterInfo, blob: bytes | None, private: set[str]) -> Row:
    """Build a row. `blob`: the value set at run time; `private`: names private in the session."""
    hidden = info.private or info.name in private
    value = info.value if blob is None else blob
    row: Row = {
        "name": info.name,
        "task": info.task,
        "kind": info.kind,
        "value": None if value is None else frames.load(value),
        "known": value is not None and not hidden,
        "private": hidden,
        "is_set": blob is not None,
        "note": info.note,
    }
    return row | {"value": HIDDEN} if hidden else row
