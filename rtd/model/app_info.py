"""Everything an app declares beside its tasks, as plain data for the supervisor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple


class AppFault(NamedTuple):
    """A failure in the app that must not stop anything else.

    `kind`: `condition`, `descriptors`, `parameter`, `hook`, `loader`, `log`, `settings`, `task` or
    `timezone`; `what` names it within its kind; `message` is one line, with file and line where
    they are known.
    """

    kind: str
    what: str
    message: str
    at: float


class CustomConditionInfo(NamedTuple):
    """A custom condition in a condition's text.

    `name` is the registered name, `arguments` are those that its pattern found in the text. `task`:
    its value is the latest result of that task (None: it is evaluated in the main lane), false
    when that is older than `cooldown_s`.
    """

    name: str
    arguments: Mapping[str, str]
    task: str | None = None
    cooldown_s: float | None = None


class ParameterInfo(NamedTuple):
    """A parameter of the session (`task` None) or of one task.

    `kind` is the kind of its value: `value`, `function`, `return`, `arg`, `env`. `value` is packed
    (see `model.values`); None where it is not known before a run, or is private. `results` are
    the tasks whose latest result it is made of.
    """

    name: str
    task: str | None
    kind: str
    value: bytes | None
    private: bool
    note: str = ""
    results: Sequence[str] = ()


class LoaderInfo(NamedTuple):
    """A folder whose files declare tasks.

    `watch`: rtd reloads the app when they change; `stamp`: of the files as they were loaded, see
    `model.taskfiles`.
    """

    path: str
    glob: str
    watch: bool
    stamp: str = ""


class LocalTaskInfo(NamedTuple):
    """A task of which one run goes on on each node that serves the app. `params` are packed."""

    task: str
    params: bytes


class LoggedAction(NamedTuple):
    """An entry of an earlier log about a task: an action (`run`, `success`, ...) and its time."""

    task: str
    action: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AppInfo:
    """Everything about an app that is not one of its tasks.

    Attributes:
        settings: of the daemon, by their path (`lanes.process.max`); those of the daemon's own
            configuration are stronger.
        custom: the custom conditions in use, by their text.
        parameters: of the session and of its tasks.
        returned: tasks whose latest result others are given.
        loaders: where task files are.
        hooks: how many there are of each kind: `startup`, `cycle`, `shutdown`.
        cycle_s: how often custom conditions are evaluated and the hooks of the cycle are called.
        logged: runs are logged: the app has handlers on the logger `rtd.task`.
        log: where the log can be read: `redis`, `memory`, `csv:` and a file, or empty.
        past: the entries of the logs, if the state of the tasks comes from there (and from `log`,
            if that is Redis).
        past_at: when that was read; later events are known from Redis.
        silence_task_prerun: false: a fault before the actual execution halts the schedule.
        silence_cond_check: false: a condition that raises halts the schedule.
        faults: what failed while the app was imported.
        hears_outcomes: the app has middleware that hears how attempts end.
        code: a fingerprint of the code of each task, by its name.
        local_tasks: those of which one run goes on on each node.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    custom: Mapping[str, CustomConditionInfo] = field(default_factory=dict)
    parameters: tuple[ParameterInfo, ...] = ()
    returned: tuple[str, ...] = ()
    loaders: tuple[LoaderInfo, ...] = ()
    hooks: Mapping[str, int] = field(default_factory=dict)
    cycle_s: float = 1.0
    logged: bool = False
    log: str = ""
    past: tuple[LoggedAction, ...] | None = None
    past_at: float = 0.0
    silence_task_prerun: bool = True
    silence_cond_check: bool = True
    faults: tuple[AppFault, ...] = ()
    hears_outcomes: bool = False
    code: Mapping[str, int] = field(default_factory=dict)
    local_tasks: tuple[LocalTaskInfo, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that MessagePack can hold."""
        data = {f.name: getattr(self, f.name) for f in fields(self)}
        data["custom"] = {text: list(info) for text, info in self.custom.items()}
        for name in _ROWS:  # lists: a tuple is an extension type in MessagePack
            if data[name] is not None:
                data[name] = [list(row) for row in data[name]]
        data["returned"] = list(self.returned)
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "AppInfo":
        """The inverse of `to_dict`; fields of a later rtd are left out."""
        known = {f.name: data[f.name] for f in fields(cls) if f.name in data}
        for name, kind in _ROWS.items():
            if known.get(name) is not None:
                known[name] = tuple(kind(*row[: len(kind._fields)]) for row in known[name])
        custom = known.get("custom") or {}
        width = len(CustomConditionInfo._fields)
        known["custom"] = {text: CustomConditionInfo(*row[:width]) for text, row in custom.items()}
        known["returned"] = tuple(known.get("returned") or ())
        return cls(**known)


_ROWS: Mapping[str, Any] = {
    "parameters": ParameterInfo,
    "loaders": LoaderInfo,
    "past": LoggedAction,
    "faults": AppFault,
    "local_tasks": LocalTaskInfo,
}
