"""What an app says beside its tasks, as plain data: for the supervisor, which never imports it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple


class AppFault(NamedTuple):
    """Something of the app's that failed where nothing may stop for it.

    `kind`: `condition`, `parameter`, `hook`, `loader`, `log` or `task`; `what` names it within
    its kind; `message` is one line, with file and line where they are known.
    """

    kind: str
    what: str
    message: str
    at: float


class CustomConditionInfo(NamedTuple):
    """A custom condition as a condition's text names it.

    `name` is what it was registered as, `arguments` what its pattern found in the text. `task`:
    its value is the latest result of that task (None: it is evaluated in the main lane), false
    when that is older than `cooldown_s`.
    """

    name: str
    arguments: Mapping[str, str]
    task: str | None = None
    cooldown_s: float | None = None


class ParameterInfo(NamedTuple):
    """A parameter of the session (`task` None) or of one task.

    `kind` is what its value is: `value`, `function`, `return`, `arg`, `env`. `value` is packed
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

    `watch`: changes of them are to be noticed; `stamp`: of the files as they were loaded, see
    `model.taskfiles`.
    """

    path: str
    glob: str
    watch: bool
    stamp: str = ""


class LoggedAction(NamedTuple):
    """What a log of before tells of a task: an action (`run`, `success`, ...) and its moment."""

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
        cycle_s: how often custom conditions are asked and the hooks of the cycle are called.
        logged: runs are logged: the app has handlers on the logger `rtd.task`.
        log: where the log can be read: `redis`, `memory`, `csv:` and a file, or empty.
        past: what the logs say of the tasks, if their state is to be taken from there (and from
            `log`, if that is Redis).
        past_at: when that was read; later events are known from Redis.
        silence_task_prerun: false: a fault before the actual execution halts the schedule.
        silence_cond_check: false: a condition that raises halts the schedule.
        faults: what failed while the app was imported.
        code: a mark of the code behind each task, by its name; another one when it has changed.
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
    code: Mapping[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Msgpack-able."""
        told = {f.name: getattr(self, f.name) for f in fields(self)}
        told["custom"] = {text: list(info) for text, info in self.custom.items()}
        for name in _ROWS:  # lists: a tuple is an extension type on the wire
            if told[name] is not None:
                told[name] = [list(row) for row in told[name]]
        told["returned"] = list(self.returned)
        return told

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "AppInfo":
        """The inverse of `to_dict`; what a later rtd may have added is left out."""
        known = {f.name: data[f.name] for f in fields(cls) if f.name in data}
        for name, kind in _ROWS.items():
            if known.get(name) is not None:
                known[name] = tuple(kind(*row) for row in known[name])
        custom = known.get("custom") or {}
        known["custom"] = {text: CustomConditionInfo(*row) for text, row in custom.items()}
        known["returned"] = tuple(known.get("returned") or ())
        return cls(**known)


_ROWS: Mapping[str, Any] = {
    "parameters": ParameterInfo,
    "loaders": LoaderInfo,
    "past": LoggedAction,
    "faults": AppFault,
}
