"""Reads the options of a task's declaration and makes its definition. Every kind of task comes
through here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any, Final

from rtd.common.did_you_mean import did_you_mean
from rtd.common.errors import PolicyError
from rtd.common.text_of import text_of
from rtd.common.version import DISTRIBUTION
from rtd.model.lanes import LANE_OF, TASK_LANES
from rtd.model.manifest import TaskInfo
from rtd.model.policies import POLICY_OPTIONS, Policies, read_policies
from rtd.session.core.schedule_options import SCHEDULE_OPTIONS, read_schedule, read_switch
from rtd.session.core.signature import TaskSignature, first_line
from rtd.session.core.task_definition import TaskDefinition, check_name
from rtd.session.parameters.parameters import Parameters, default_arguments, read_parameters
from rtd.session.tasks.class_task import read_context

_USER_LANES: Final = tuple(lane for lane in TASK_LANES if lane != "command")
#: Options that are fields of `rtd.model.manifest.TaskInfo`: runs outside the schedule.
SWITCHES: Final = ("on_startup", "on_shutdown", "force_run")
_OTHERS: Final = ("name", "lane", "execution", "description", "parameters", "disabled", "on_exists")
#: All options of a declaration.
TASK_OPTIONS: Final = (*SCHEDULE_OPTIONS, *SWITCHES, *_OTHERS, *POLICY_OPTIONS)
#: Options of Red Engine's tasks that rtd has elsewhere.
_ELSEWHERE: Final = {
    "kwds_popen": "a command's cwd, env, user, umask and stdin are options of the task",
    "sys_paths": "a file's imports are found from its package's folder; or set PYTHONPATH",
    "force_termination": "a run is ended by rtctl kill",
    "logger": "handlers of the logger rtd.task see every run",
    "logger_name": "handlers of the logger rtd.task see every run",
}
#: Red Engine's word for a task without a time limit.
_NEVER: Final = "never"


def define_task(
    target: Callable[..., Any],
    name: str | None,
    options: Mapping[str, Any],
    signature: TaskSignature,
    lane: str | None = None,
) -> TaskDefinition:
    """Make the definition of a task.

    Args:
        target: what a run calls with its parameters.
        name: of the task.
        options: `lane` or `execution`, `fresh`, `description`, `parameters`, `disabled`,
            `on_startup`, `on_shutdown`, `force_run`, and those of the schedule and the policies.
        signature: of the task's code.
        lane: the same, as an argument of the caller.

    Raises:
        PolicyError: a name or an option that cannot be used; says which and why.
    """
    where = f"task {name!r}"
    check_name(name, where)
    rest = dict(options)
    fresh = rest.pop("fresh", False)
    lane = rest.pop("lane", None) or lane
    chosen = _read_lane(rest.pop("execution", None), lane, fresh, signature, where)
    switches: dict[str, Any] = {
        switch: read_switch(rest.pop(switch), switch, where)
        for switch in SWITCHES
        if switch in rest
    }
    description = rest.pop("description", None)
    if description is not None and not isinstance(description, str):
        raise PolicyError(f"{where}: description: {description!r} is no text")
    parameters = rest.pop("parameters", None)
    _read_disabled(rest, where)
    _refuse_unknown(rest, where)
    schedule, rest = read_schedule(rest, chosen, where)
    taken = [parameter for parameter, _ in signature.parameters]
    given = read_parameters(parameters, taken, signature.any_parameters, where)
    info = TaskInfo(
        name=text_of(name),
        lane=chosen,
        fresh=fresh,
        parameters=signature.parameters,
        any_parameters=signature.any_parameters,
        policies=Policies(**read_policy_options(rest, chosen, where)),
        doc=signature.doc if description is None else first_line(description),
        source=signature.source,
        schedule=schedule,
        **switches,
    )
    _check_limits(info, where)
    return TaskDefinition(
        target,
        info,
        Parameters({**default_arguments(target), **given}),
        free_names=signature.free_names,
        is_class=signature.is_class,
        has_own_stop=signature.has_own_stop,
        is_async=signature.is_async,
        provide_context=read_context(target, where, is_async=signature.is_async),
    )


def read_policy_options(options: Mapping[str, Any], lane: str, where: str) -> dict[str, Any]:
    """Return the fields of `rtd.model.policies.Policies` that the options say.

    Red Engine's `timeout="never"` and `priority=None` mean the default. Raises PolicyError.
    """
    rest = dict(options)
    if rest.get("timeout") == _NEVER:
        rest["timeout"] = None
    if rest.get("priority", 0) is None:
        del rest["priority"]
    return read_policies(rest, lane, where)


def python_lane(lane: str | None, is_async: bool, fresh: bool, where: str) -> str:
    """Return the lane of Python code. Raises PolicyError."""
    lane = lane or ("async" if is_async else "process")
    if lane not in _USER_LANES:
        raise PolicyError(f"{where}: unknown lane {lane!r}; known: {', '.join(_USER_LANES)}")
    if is_async and not LANE_OF[lane].coroutines:
        raise PolicyError(f"{where}: it is 'async def', so its lane is 'async', not {lane!r}")
    if LANE_OF[lane].coroutines and not is_async:
        raise PolicyError(f"{where}: lane {lane!r} needs 'async def'; use 'thread' or 'process'")
    if LANE_OF[lane].patched and find_spec("gevent") is None:
        hint = f'pip install "{DISTRIBUTION}[gevent]"'
        raise PolicyError(f"{where}: lane {lane!r} needs gevent: {hint}")
    if fresh and lane != "process":
        raise PolicyError(f"{where}: fresh=True means an own process; its lane must be 'process'")
    return lane


def _read_lane(
    execution: str | None, lane: str | None, fresh: bool, signature: TaskSignature, where: str
) -> str:
    if execution is not None and lane is not None and execution != lane:
        raise PolicyError(f"{where}: execution and lane mean the same; write one of them")
    lane = None if (chosen := lane or execution) is None else text_of(chosen)
    if not signature.is_command:
        return python_lane(lane, signature.is_async, fresh, where)
    if lane is not None and lane not in TASK_LANES:
        raise PolicyError(f"{where}: unknown lane {lane!r}; a command always has its own process")
    if fresh:
        raise PolicyError(f"{where}: every run of a command has an own process; leave out fresh")
    return "command"


def _check_limits(info: TaskInfo, where: str) -> None:
    """Raise PolicyError for limits that contradict each other."""
    limit = info.policies.max_concurrency or 1
    if limit > 1 and info.schedule.overlap is False:
        raise PolicyError(
            f"{where}: overlap=False lets one run be active at a time, and max_concurrency={limit}"
            f" lets {limit}; write one of them"
        )


def _read_disabled(rest: dict[str, Any], where: str) -> None:
    """Turn `disabled` into `enabled`, its opposite."""
    disabled = rest.pop("disabled", None)
    if disabled is None:
        return
    if rest.get("enabled", not read_switch(disabled, "disabled", where)) is disabled:
        raise PolicyError(f"{where}: disabled={disabled} and enabled={disabled} contradict")
    rest["enabled"] = not disabled


def _refuse_unknown(rest: Mapping[str, Any], where: str) -> None:
    """Raise PolicyError for an unknown option, with the nearest known one."""
    for name in rest:
        if name in _ELSEWHERE:
            raise PolicyError(f"{where}: {name!r} is no option; {_ELSEWHERE[name]}")
        if name not in POLICY_OPTIONS and name not in SCHEDULE_OPTIONS:
            raise PolicyError(f"{where}: unknown option {name!r}{_hint(name, rest[name])}")


def _hint(name: str, value: Any) -> str:
    """Return what to write instead of an unknown option."""
    from rtd.model.words.other_options import is_schedule, rtd_option  # lazy: only for a mistake

    example = ""
    if is_schedule(name):
        from rtd.language.parser import is_condition  # lazy: as above
        from rtd.language.phrases.other_schedules import translate  # lazy: as above

        found = translate(value, is_condition)
        example = f"start_cond={found!r}" if found else ""
    hint = rtd_option(name, "task", example)
    return hint or did_you_mean(name, TASK_OPTIONS, f"known: {', '.join(TASK_OPTIONS)}")
