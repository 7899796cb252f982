"""What a task is like, as attributes of its object: read from its definition and set there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from rtd.model.manifest import TaskInfo
from rtd.model.policies import read_policies
from rtd.session.core.schedule_options import read_schedule
from rtd.session.core.signature import first_line
from rtd.session.parameters.parameters import Parameters, read_parameters
from rtd.session.tasks.task_options import parse_task_options, read_lane, read_switch

if TYPE_CHECKING:
    from rtd.language.core.condition import Condition
    from rtd.session.core.custom_conditions import FuncCond
    from rtd.session.session import Session
    from rtd.session.tasks.definition import TaskDefinition

#: What Red Engine's tasks know of their runs. Here they may be on another node.
_OF_RUNS: Final = frozenset(
    {"status", "is_running", "logger"}
    | {f"last_{action}" for action in ("run", "success", "fail", "terminate", "inaction")}
)


class TaskProperties:
    """The properties of `rtd.core.Task`. Each is checked as at the declaration when it is set;
    that changes the app while it is imported, and within a run only the run's own copy.
    """

    session: Session
    definition: TaskDefinition

    def __getattr__(self, name: str) -> Any:
        kind = type(self).__name__
        if name in ("session", "definition"):
            raise AttributeError(f"this {kind} is no task before its super().__init__(...)")
        if name in _OF_RUNS:
            raise AttributeError(
                f"{kind!r} has no attribute {name!r}: how its runs were is in the task log,"
                " session.get_task_log(task_name=...), and in rtctl"
            )
        raise AttributeError(f"{kind!r} has no attribute {name!r}")

    @property
    def name(self) -> str:
        """Unique in the session."""
        return self.definition.info.name

    @name.setter
    def name(self, name: str) -> None:
        self.session.rename(self.definition, name)

    @property
    def description(self) -> str:
        """One line."""
        return self.definition.info.doc

    @description.setter
    def description(self, text: str) -> None:
        self._set(doc=first_line(text))

    @property
    def start_cond(self) -> Condition | None:
        """When it starts by itself; set as a text or a condition."""
        return _condition(self.definition.info.schedule.start)

    @start_cond.setter
    def start_cond(self, condition: str | Condition | FuncCond | None) -> None:
        self._set_schedule("start", "start_cond", condition)

    @property
    def end_cond(self) -> Condition | None:
        """When a run of it is stopped; set as a text or a condition."""
        return _condition(self.definition.info.schedule.end)

    @end_cond.setter
    def end_cond(self, condition: str | Condition | FuncCond | None) -> None:
        self._set_schedule("end", "end_cond", condition)

    @property
    def timeout(self) -> timedelta | None:
        """How long a run may take; set as seconds, `"2 hours"` or `"never"`."""
        seconds = self.definition.info.policies.timeout_s
        return None if seconds is None else timedelta(seconds=seconds)

    @timeout.setter
    def timeout(self, value: Any) -> None:
        self._set_policy("timeout", value)

    @property
    def priority(self) -> int:
        """-100 to 100, higher first."""
        return self.definition.info.policies.priority

    @priority.setter
    def priority(self, value: int) -> None:
        self._set_policy("priority", value)

    @property
    def execution(self) -> str:
        """The lane: `process`, `thread`, `main`, `async`, or `command`."""
        return self.definition.info.lane

    @execution.setter
    def execution(self, lane: str) -> None:
        info, where = self.definition.info, self._where
        chosen = read_lane(lane, self.definition.is_async, info.fresh, where)
        read_schedule({"end_cond": info.schedule.end}, chosen, where)
        self._set(lane=chosen)

    @property
    def disabled(self) -> bool:
        """Whether it starts only when submitted."""
        return not self.definition.info.schedule.enabled

    @disabled.setter
    def disabled(self, value: bool) -> None:
        enabled = not read_switch(value, "disabled", self._where)
        self._set(schedule=replace(self.definition.info.schedule, enabled=enabled))

    @property
    def force_run(self) -> bool:
        """Whether it runs once when it is first seen, whatever its condition says."""
        return self.definition.info.force_run

    @force_run.setter
    def force_run(self, value: bool) -> None:
        self._set(force_run=read_switch(value, "force_run", self._where))

    @property
    def on_startup(self) -> bool:
        """Whether it runs when the daemon starts, and only then."""
        return self.definition.info.on_startup

    @on_startup.setter
    def on_startup(self, value: bool) -> None:
        self._set(on_startup=read_switch(value, "on_startup", self._where))

    @property
    def on_shutdown(self) -> bool:
        """Whether it runs when the daemon ends, and only then."""
        return self.definition.info.on_shutdown

    @on_shutdown.setter
    def on_shutdown(self, value: bool) -> None:
        self._set(on_shutdown=read_switch(value, "on_shutdown", self._where))

    @property
    def parameters(self) -> Parameters:
        """Its own parameters, by name."""
        return self.definition.parameters

    @parameters.setter
    def parameters(self, given: Mapping[str, Any] | None) -> None:
        info = self.definition.info
        names = [name for name, _ in info.parameters]
        self.definition.parameters = read_parameters(given, names, info.any_parameters, self._where)

    @property
    def _where(self) -> str:
        return f"task {self.name!r}"

    def _set(self, **fields: Any) -> None:
        self.definition.info = replace(self.definition.info, **fields)

    def _set_schedule(self, field: str, option: str, condition: Any) -> None:
        info = self.definition.info
        read, _ = read_schedule({option: condition}, info.lane, self._where)
        self._set(schedule=replace(info.schedule, **{field: getattr(read, field)}))

    def _set_policy(self, option: str, value: Any) -> None:
        info: TaskInfo = self.definition.info
        said = parse_task_options({option: value}, None, self._where)
        fields = read_policies(said.rest, info.lane, self._where)
        self._set(policies=replace(info.policies, **fields))


def _condition(text: str | None) -> Condition | None:
    if text is None:
        return None
    from rtd.language.parser import parse  # lazy: many apps have none

    return parse(text)
