"""The manifest of an app: its tasks as plain data, for the supervisor, which never imports it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from rtd.common.did_you_mean import did_you_mean
from rtd.common.errors import ParameterError, UnknownTask
from rtd.model.app_info import AppInfo
from rtd.model.policies import Policies
from rtd.model.schedule import NO_SCHEDULE, Schedule

#: The task that every daemon has: a shell command.
COMMAND: Final = "command"
#: Where the names of tasks are found: with a daemon, and without.
DAEMON_LISTS: Final = "rtctl tasks lists all"
CHECK_LISTS: Final = "`rtd check APP` lists all"
#: Why a command that a client names is not run.
NO_COMMANDS: Final = (
    "this daemon runs only the tasks of its app (`rtctl tasks`), no commands: it has the setting"
    " allow_commands = false"
)


@dataclass(frozen=True, slots=True)
class TaskInfo:
    """A task as the supervisor sees it.

    `parameters` are `(name, required)` in order; `any_parameters` is true when the function
    takes `**kwargs`. `filled` are parameters of the task and of the session that a run gets if its
    submit does not give them. `source` is `file:line`. `schedule` says when it runs by itself.
    `on_startup` and `on_shutdown`: only when the daemon starts or ends. `force_run`: once when a
    daemon first sees the task, even if its condition is false. `hidden`: internal, shown nowhere.
    """

    name: str
    lane: str = "process"
    fresh: bool = False
    parameters: tuple[tuple[str, bool], ...] = ()
    any_parameters: bool = False
    policies: Policies = field(default_factory=Policies)
    doc: str = ""
    source: str = ""
    schedule: Schedule = NO_SCHEDULE
    filled: tuple[str, ...] = ()
    on_startup: bool = False
    on_shutdown: bool = False
    force_run: bool = False
    hidden: bool = False

    @property
    def pool(self) -> str:
        """The lane of the executors that its runs go to: its own, or `fresh`."""
        return "fresh" if self.fresh else self.lane

    @property
    def never_overlaps(self) -> bool:
        """Whether at most one of its runs is carried out at a time, however they were started: the
        task says so, or it has a start condition and says nothing about its concurrency."""
        overlap = self.schedule.overlap
        if overlap is None and self.policies.max_concurrency is None:
            return self.schedule.start is not None
        return overlap is False

    @property
    def concurrency_limit(self) -> int | None:
        """How many of its runs are carried out at a time; None: as many as there are executors."""
        return 1 if self.never_overlaps else self.policies.max_concurrency

    def to_dict(self) -> dict[str, Any]:
        """Msgpack-able."""
        return {
            "name": self.name,
            "lane": self.lane,
            "fresh": self.fresh,
            "parameters": [list(p) for p in self.parameters],
            "any_parameters": self.any_parameters,
            "policies": self.policies.to_dict(),
            "doc": self.doc,
            "source": self.source,
            "schedule": self.schedule.to_dict(),
            "filled": list(self.filled),
            **{name: True for name in _SWITCHES if getattr(self, name)},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "TaskInfo":
        """The inverse of `to_dict`."""
        return cls(
            name=data["name"],
            lane=data["lane"],
            fresh=data["fresh"],
            parameters=tuple((name, required) for name, required in data["parameters"]),
            any_parameters=data["any_parameters"],
            policies=Policies.from_dict(data["policies"]),
            doc=data["doc"],
            source=data["source"],
            schedule=Schedule.from_dict(data.get("schedule") or {}),
            filled=tuple(data.get("filled") or ()),
            **{name: True for name in _SWITCHES if data.get(name)},
        )

    @property
    def required(self) -> frozenset[str]:
        """The parameters that a submit must give."""
        return frozenset(n for n, needed in self.parameters if needed).difference(self.filled)

    @property
    def occasions(self) -> list[str]:
        """When it runs instead of by its condition: `startup` and `shutdown` of the daemon."""
        named = (("startup", self.on_startup), ("shutdown", self.on_shutdown))
        return [name for name, runs in named if runs]

    @property
    def starts_by_itself(self) -> bool:
        """Whether its condition starts it at any time.

        The condition of a task that runs on startup or on shutdown is evaluated only then.
        """
        return self.schedule.start is not None and not self.occasions

    @property
    def incomplete_reason(self) -> str | None:
        """A sentence: why the task cannot start though it has a condition; None: it can."""
        needed = self.required
        if self.schedule.start is None or not needed:
            return None
        names = ", ".join(repr(name) for name, _ in self.parameters if name in needed)
        return (
            f"it cannot start by its condition: nothing gives it {names}; give a default,"
            " `parameters={...}` or a parameter of the session"
        )

    def signature(self) -> str:
        """Return the parameters for errors and `rtctl tasks`: `day, limit=...`."""
        needed = self.required
        names = [name if name in needed else f"{name}=..." for name, _ in self.parameters]
        return ", ".join([*names, "**any"] if self.any_parameters else names) or "nothing"


_SWITCHES: Final = ("on_startup", "on_shutdown", "force_run", "hidden")

COMMAND_TASK: Final = TaskInfo(
    name=COMMAND,
    lane="command",
    parameters=(
        ("argv", True),
        ("cwd", False),
        ("env", False),
        ("user", False),
        ("stdin", False),
        ("umask", False),
    ),
    doc="Runs a command of the operating system.",
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """All tasks of an app, the built-in `command` included, and its other declarations."""

    app: str | None
    tasks: Mapping[str, TaskInfo]
    info: AppInfo = field(default_factory=AppInfo)

    @classmethod
    def of(
        cls, app: str | None, tasks: Iterable[TaskInfo], info: AppInfo | None = None
    ) -> "Manifest":
        """Return a manifest of these tasks and `command`."""
        return cls(app, {t.name: t for t in (COMMAND_TASK, *tasks)}, info or AppInfo())

    def to_dict(self) -> dict[str, Any]:
        """Msgpack-able."""
        tasks = [t.to_dict() for t in self.tasks.values()]
        return {"app": self.app, "tasks": tasks, "info": self.info.to_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Manifest":
        """The inverse of `to_dict`."""
        infos = [TaskInfo.from_dict(t) for t in data["tasks"]]
        info = AppInfo.from_dict(data.get("info") or {})
        return cls(data["app"], {t.name: t for t in infos}, info)

    def find(self, name: str, listed_by: str = DAEMON_LISTS) -> TaskInfo:
        """Return the task of that name. Raises UnknownTask, with the nearest names.

        Args:
            listed_by: says where all names are found.
        """
        info = self.tasks.get(name)
        if info is not None:
            return info
        known = sorted(self.tasks)
        listed = ", ".join(known[:8]) + (", ..." if len(known) > 8 else "")
        hint = did_you_mean(name, self.tasks, f"known: {listed}", at_most=3)
        failed = [fault.what for fault in self.info.faults if fault.kind == "loader"]
        if failed:
            more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
            hint = f"; {failed[0]}{more} failed to load, see rtctl status{hint}"
        raise UnknownTask(f"there is no task {name!r}{hint} ({listed_by})")


def check_params(info: TaskInfo, params: Mapping[str, Any]) -> None:
    """Whether a task can be called with these parameters.

    Raises:
        ParameterError: names each missing or unknown parameter, and what the task takes.
    """
    needed = info.required
    missing = [name for name, _ in info.parameters if name in needed and name not in params]
    unknown: list[str] = []
    if not info.any_parameters:
        names = {name for name, _ in info.parameters}
        unknown = [str(name) for name in params if name not in names]
    if missing or unknown:
        faults = [f"misses {', '.join(map(repr, missing))}"] if missing else []
        faults += [f"does not take {', '.join(map(repr, unknown))}"] if unknown else []
        raise ParameterError(
            f"task {info.name!r} {' and '.join(faults)}; it takes {info.signature()}"
        )
