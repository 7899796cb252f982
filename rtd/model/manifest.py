"""What the supervisor knows of an app without importing it: its tasks, as plain data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final

from rtd.model.errors import ParameterError, UnknownTask
from rtd.model.policy import Policies
from rtd.model.schedule import NO_SCHEDULE, Schedule

#: The task that every daemon has: a shell command.
COMMAND: Final = "command"


@dataclass(frozen=True, slots=True)
class TaskInfo:
    """A task as the supervisor sees it.

    `parameters` are `(name, required)` in order; `any_parameters` is true when the function
    takes `**kwargs`. `source` is `file:line`. `schedule` says when it runs by itself.
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

    @property
    def pool(self) -> str:
        """The pool of executors that its runs go to: its lane, or `fresh`."""
        return "fresh" if self.fresh else self.lane

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
        )

    def signature(self) -> str:
        """`day, limit=...`: what the task takes, for errors and `rtctl tasks`."""
        names = [name if required else f"{name}=..." for name, required in self.parameters]
        return ", ".join([*names, "**any"] if self.any_parameters else names) or "nothing"


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
    """All tasks of an app, the built-in `command` included."""

    app: str | None
    tasks: Mapping[str, TaskInfo]

    @classmethod
    def of(cls, app: str | None, tasks: Iterable[TaskInfo]) -> "Manifest":
        """A manifest of these tasks and `command`."""
        return cls(app, {t.name: t for t in (COMMAND_TASK, *tasks)})

    def to_dict(self) -> dict[str, Any]:
        """Msgpack-able."""
        return {"app": self.app, "tasks": [t.to_dict() for t in self.tasks.values()]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Manifest":
        """The inverse of `to_dict`."""
        infos = [TaskInfo.from_dict(t) for t in data["tasks"]]
        return cls(data["app"], {t.name: t for t in infos})

    def find(self, name: str) -> TaskInfo:
        """The task of that name. Raises UnknownTask, with the nearest names."""
        info = self.tasks.get(name)
        if info is not None:
            return info
        near = get_close_matches(name, self.tasks, 3)
        known = sorted(self.tasks)
        listed = ", ".join(known[:8]) + (", ..." if len(known) > 8 else "")
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"known: {listed}"
        raise UnknownTask(f"there is no task {name!r}; {hint} (rtctl tasks lists all)")


def check_params(info: TaskInfo, params: Mapping[str, Any]) -> None:
    """Whether a task can be called with these parameters.

    Raises:
        ParameterError: names each missing or unknown parameter, and what the task takes.
    """
    missing = [name for name, required in info.parameters if required and name not in params]
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
