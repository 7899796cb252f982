"""What can be said at the declaration of any kind of task, beside its schedule and its policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from rtd.common.did_you_mean import did_you_mean
from rtd.common.errors import PolicyError
from rtd.model.lanes import LANE_OF, TASK_LANES
from rtd.model.policies import POLICY_OPTIONS
from rtd.session.core.schedule_options import SCHEDULE_OPTIONS

_USER_LANES: Final = tuple(lane for lane in TASK_LANES if lane != "command")
#: When a task runs that is not for the schedule to decide: fields of `TaskInfo`.
SWITCHES: Final = ("on_startup", "on_shutdown", "force_run")
_HERE: Final = ("name", "execution", "description", "parameters", "disabled", "on_exists")
#: What tasks of Red Engine may bring along, and where it is said here.
_ELSEWHERE: Final = {
    "kwds_popen": "a command's cwd, env, user, umask and stdin are options of the task",
    "sys_paths": "what a file imports is found from its package's folder; or set PYTHONPATH",
    "force_termination": "a run is ended by rtctl kill",
    "logger": "handlers of the logger rtd.task see every run",
    "logger_name": "handlers of the logger rtd.task see every run",
}
#: Red Engine's word for a task without a time limit.
_NEVER: Final = "never"


class TaskOptions(NamedTuple):
    """The options of a declaration, taken apart.

    `lane`: None when nobody says. `rest` is for `read_schedule` and then for `read_options`.
    """

    lane: str | None
    description: str | None
    parameters: Any
    switches: dict[str, Any]
    rest: dict[str, Any]


def parse_task_options(options: Mapping[str, Any], lane: str | None, where: str) -> TaskOptions:
    """Read what is common to all kinds of tasks.

    Args:
        options: as they were given: `execution`, `description`, `parameters`, `disabled`,
            `on_startup`, `on_shutdown`, `force_run`, and others, which are left alone.
        lane: the same as `execution`, by rtd's own word.
        where: how the task is called in an error.

    Raises:
        PolicyError: a value that cannot be used.
    """
    rest = dict(options)
    execution = rest.pop("execution", None)
    if execution is not None and lane is not None and execution != lane:
        raise PolicyError(f"{where}: execution and lane mean the same; write one of them")
    switches: dict[str, Any] = {}
    for switch in SWITCHES:
        if switch in rest:
            switches[switch] = read_switch(rest.pop(switch), switch, where)
    description = rest.pop("description", None)
    if description is not None and not isinstance(description, str):
        raise PolicyError(f"{where}: description: {description!r} is no text")
    if rest.get("timeout") == _NEVER:
        rest["timeout"] = None
    if rest.get("priority", 0) is None:
        del rest["priority"]
    parameters = rest.pop("parameters", None)
    _enabled(rest, where)
    _refuse_unknown(rest, where)
    return TaskOptions(lane or execution, description, parameters, switches, rest)


def _refuse_unknown(rest: Mapping[str, Any], where: str) -> None:
    """An option that there is not, with the nearest of all that there are."""
    for name in rest:
        if name in _ELSEWHERE:
            raise PolicyError(f"{where}: {name!r} is no option; {_ELSEWHERE[name]}")
        if name not in POLICY_OPTIONS and name not in SCHEDULE_OPTIONS:
            known = [*SCHEDULE_OPTIONS, *SWITCHES, *_HERE, *POLICY_OPTIONS]
            hint = did_you_mean(name, known, f"known: {', '.join(known)}")
            raise PolicyError(f"{where}: unknown option {name!r}{hint}")


def _enabled(rest: dict[str, Any], where: str) -> None:
    """`disabled` is `enabled` the other way round."""
    disabled = rest.pop("disabled", None)
    if disabled is None:
        return
    if rest.get("enabled", not read_switch(disabled, "disabled", where)) is disabled:
        raise PolicyError(f"{where}: disabled={disabled} and enabled={disabled} contradict")
    rest["enabled"] = not disabled


def read_switch(value: Any, name: str, where: str) -> bool:
    """True or False. Raises PolicyError."""
    if not isinstance(value, bool):
        raise PolicyError(f"{where}: {name}: {value!r} is neither True nor False")
    return value


def read_lane(lane: str | None, is_async: bool, fresh: bool, where: str) -> str:
    """The lane of Python code. Raises PolicyError."""
    lane = lane or ("async" if is_async else "process")
    if lane not in _USER_LANES:
        raise PolicyError(f"{where}: unknown lane {lane!r}; known: {', '.join(_USER_LANES)}")
    if is_async and not LANE_OF[lane].coroutines:
        raise PolicyError(f"{where}: it is 'async def', so its lane is 'async', not {lane!r}")
    if LANE_OF[lane].coroutines and not is_async:
        raise PolicyError(f"{where}: lane {lane!r} needs 'async def'; use 'thread' or 'process'")
    if fresh and lane != "process":
        raise PolicyError(f"{where}: fresh=True means an own process; its lane must be 'process'")
    return lane


def command_lane(lane: str | None, fresh: bool, where: str) -> str:
    """The lane of a command: a process of its own, whatever else was asked for."""
    if lane is not None and lane not in TASK_LANES:
        raise PolicyError(f"{where}: unknown lane {lane!r}; a command always has its own process")
    if fresh:
        raise PolicyError(f"{where}: every run of a command has an own process; leave out fresh")
    return "command"
