"""The options of a task as attributes of its object: read from its definition and set there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from rtd.session.core.schedule_options import ConditionSource, read_schedule, read_switch
from rtd.session.core.signature import first_line
from rtd.session.core.task_definition import TaskDefinition
from rtd.session.parameters.parameters import Parameters, read_parameters
from rtd.session.tasks.define_task import python_lane, read_policy_options

if TYPE_CHECKING:
    from rtd.language.core.condition import Condition

#: Attributes of Red Engine's tasks about their runs. rtd's runs may be on another node.
_OF_RUNS: Final = frozenset(
    {"status", "is_running", "logger"}
    | {f"last_{action}" for action in ("run", "success", "fail", "terminate", "inaction")}
)

if TYPE_CHECKING:
    TaskOption = property
else:

    class TaskOption(property):
        """A property of a task. In a class whose instances are made per run it steps aside:
        there the name is an ordinary attribute, as if this class did not exist."""

        def __get__(self, instance, owner=None):
            if not owner.is_made_per_run:
                return super().__get__(instance, owner)
            name = self.fget.__name__
            if instance is None or name not in instance.__dict__:
                raise AttributeError(f"{owner.__name__!r} has no attribute {name!r}")
            return instance.__dict__[name]

        def __set__(self, instance, value):
            if type(instance).is_made_per_run:
                instance.__dict__[self.fget.__name__] = value
            else:
                super().__set__(instance, value)

        def __delete__(self, instance):
            if instance.__dict__.pop(self.fget.__name__, self) is self:
                super().__delete__(instance)


class TaskProperties:
    """The options of `rtd.Task`. Each is checked when it is set, as at the declaration.

    Setting one changes the app while it is imported; within a run it changes only the run's own
    copy.
    """

    session: Any
    definition: TaskDefinition
    #: Whether an instance stands for a run and not for a task.
    is_made_per_run: ClassVar[bool] = False

    def __getattr__(self, name: str) -> Any:
        kind = type(self).__name__
        if self.is_made_per_run:
            raise AttributeError(f"{kind!r} object has no attribute {name!r}")
        if name in ("session", "definition"):
            raise AttributeError(f"this {kind} is no task before its super().__init__(...)")
        if name in _OF_RUNS:
            raise AttributeError(
                f"{kind!r} has no attribute {name!r}: how its runs were is in the task log,"
                " session.get_task_log(task_name=...), and in rtctl"
            )
        raise AttributeError(f"{kind!r} has no attribute {name!r}")

    @TaskOption
    def name(self) -> str:
        """The task's name, unique in the session."""
        return self.definition.info.name

    @name.setter
    def name(self, name: str) -> None:
        self.session.rename(self, name)

    @TaskOption
    def description(self) -> str:
        """One line."""
        return self.definition.info.doc

    @description.setter
    def description(self, text: str) -> None:
        self._set(doc=first_line(text))

    @TaskOption
    def start_cond(self) -> Condition | None:
        """When the task starts by itself; set as a text or a condition."""
        return _condition(self.definition.info.schedule.start)

    @start_cond.setter
    def start_cond(self, condition: str | Condition | ConditionSource | None) -> None:
        self._set_schedule("start", "start_cond", condition)

    @TaskOption
    def end_cond(self) -> Condition | None:
        """When a run of the task is stopped; set as a text or a condition."""
        return _condition(self.definition.info.schedule.end)

    @end_cond.setter
    def end_cond(self, condition: str | Condition | ConditionSource | None) -> None:
        self._set_schedule("end", "end_cond", condition)

    @TaskOption
    def timeout(self) -> timedelta | None:
        """How long a run may take; set as seconds, `"2 hours"` or `"never"`."""
        seconds = self.definition.info.policies.timeout_s
        return None if seconds is None else timedelta(seconds=seconds)

    @timeout.setter
    def timeout(self, value: Any) -> None:
        self._set_policy("timeout", value)

    @TaskOption
    def priority(self) -> int:
        """-100 to 100, higher first."""
        return self.definition.info.policies.priority

    @priority.setter
    def priority(self, value: int) -> None:
        self._set_policy("priority", value)

    @TaskOption
    def execution(self) -> str:
        """The lane: `process`, `thread`, `main`, `async`, or `command`."""
        return self.definition.info.lane

    @execution.setter
    def execution(self, lane: str) -> None:
        info, where = self.definition.info, self._where
        chosen = python_lane(lane, self.definition.is_async, info.fresh, where)
        read_schedule({"end_cond": info.schedule.end}, chosen, where)
        self._set(lane=chosen)

    @TaskOption
    def disabled(self) -> bool:
        """Whether the task starts only when submitted."""
        return not self.definition.info.schedule.enabled

    @disabled.setter
    def disabled(self, value: bool) -> None:
        enabled = not read_switch(value, "disabled", self._where)
        self._set(schedule=replace(self.definition.info.schedule, enabled=enabled))

    @TaskOption
    def force_run(self) -> bool:
        """Whether the task runs once when it is new, without regard to its condition."""
        return self.definition.info.force_run

    @force_run.setter
    def force_run(self, value: bool) -> None:
        self._set(force_run=read_switch(value, "force_run", self._where))

    @TaskOption
    def on_startup(self) -> bool:
        """Whether the task runs when the daemon starts, and only then."""
        return self.definition.info.on_startup

    @on_startup.setter
    def on_startup(self, value: bool) -> None:
        self._set(on_startup=read_switch(value, "on_startup", self._where))

    @TaskOption
    def on_shutdown(self) -> bool:
        """Whether the task runs when the daemon ends, and only then."""
        return self.definition.info.on_shutdown

    @on_shutdown.setter
    def on_shutdown(self, value: bool) -> None:
        self._set(on_shutdown=read_switch(value, "on_shutdown", self._where))

    @TaskOption
    def parameters(self) -> Parameters:
        """The task's own parameters, by name."""
        return cast("Parameters", self.definition.parameters)

    @parameters.setter
    def parameters(self, given: Mapping[str, Any] | None) -> None:
        info = self.definition.info
        names = [name for name, _ in info.parameters]
        own = read_parameters(given, names, info.any_parameters, self._where)
        self.definition = replace(self.definition, parameters=own)

    @property
    def _where(self) -> str:
        return f"task {self.name!r}"

    def _set(self, **fields: Any) -> None:
        self.definition = self.definition.with_info(**fields)

    def _set_schedule(self, field: str, option: str, condition: Any) -> None:
        info = self.definition.info
        read, _ = read_schedule({option: condition}, info.lane, self._where)
        self._set(schedule=replace(info.schedule, **{field: getattr(read, field)}))

    def _set_policy(self, option: str, value: Any) -> None:
        info = self.definition.info
        fields = read_policy_options({option: value}, info.lane, self._where)
        self._set(policies=replace(info.policies, **fields))


def _condition(text: str | None) -> Condition | None:
    if text is None:
        return None
    from rtd.language.parser import parse  # lazy: many apps have none

    return parse(text)
