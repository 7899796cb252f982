"""The options of a task as attributes of its object: read from its definition and set there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar, cast

from rtd.common.did_you_mean import did_you_mean
from rtd.session.core.schedule_options import read_schedule, read_switch
from rtd.session.core.serving_app import refuse_late
from rtd.session.core.signature import first_line
from rtd.session.core.task_definition import TaskDefinition
from rtd.session.parameters.parameters import Parameters, read_parameters
from rtd.session.tasks.define_task import python_lane, read_policy_options

if TYPE_CHECKING:
    from rtd.language.core.condition import Condition

Value = TypeVar("Value")
#: Attributes of Red Engine's tasks about their runs. rtd's runs may be on another node.
_OF_RUNS: Final = frozenset(
    {"status", "is_running", "logger"}
    | {f"last_{action}" for action in ("run", "success", "fail", "terminate", "inaction")}
)


class TaskOption(Generic[Value]):
    """An option of a task as an attribute.

    In a class whose instances are made per run it steps aside: there the name is an ordinary
    attribute.

    Args:
        read: returns the option from the task's definition.
        write: checks a value and sets it.
    """

    def __init__(
        self,
        read: Callable[[TaskDefinition], Value],
        write: Callable[[TaskProperties, Any], None],
    ) -> None:
        self._read = read
        self._write = write

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    def __get__(self, task: TaskProperties | None, kind: type[TaskProperties]) -> Value:
        if task is not None and not kind.is_made_per_run:
            return self._read(task.definition)
        if task is None or self._name not in task.__dict__:
            raise AttributeError(f"{kind.__name__!r} has no attribute {self._name!r}")
        return cast("Value", task.__dict__[self._name])

    def __set__(self, task: TaskProperties, value: Any) -> None:
        if task.is_made_per_run:
            task.__dict__[self._name] = value
            return
        serving = task.session.serving
        if serving is None:
            self._write(task, value)
        elif self._name == "disabled":
            self._write(task, value)
            serving.switch(task.name, not value)
        else:
            where = f"submit it: `rtctl submit {task.name}`" if self._name == "force_run" else ""
            refuse_late(f"task {task.name!r}: {self._name}", *([where] if where else []))

    def __delete__(self, task: TaskProperties) -> None:
        if self._name not in task.__dict__:
            raise AttributeError(f"the attribute {self._name!r} cannot be deleted")
        del task.__dict__[self._name]


def _set_schedule(field: str, option: str) -> Callable[[TaskProperties, Any], None]:
    def write(task: TaskProperties, value: Any) -> None:
        info = task.definition.info
        given, _ = read_schedule({option: value}, info.lane, f"task {info.name!r}")
        schedule = replace(info.schedule, **{field: getattr(given, field)})
        task.definition = task.definition.with_info(schedule=schedule)

    return write


def _set_policy(option: str) -> Callable[[TaskProperties, Any], None]:
    def write(task: TaskProperties, value: Any) -> None:
        info = task.definition.info
        fields = read_policy_options({option: value}, info.lane, f"task {info.name!r}")
        task.definition = task.definition.with_info(policies=replace(info.policies, **fields))

    return write


def _set_switch(field: str) -> Callable[[TaskProperties, Any], None]:
    def write(task: TaskProperties, value: Any) -> None:
        switch = read_switch(value, field, f"task {task.name!r}")
        task.definition = task.definition.with_info(**{field: switch})

    return write


def _set_description(task: TaskProperties, text: str) -> None:
    task.definition = task.definition.with_info(doc=first_line(text))


def _set_lane(task: TaskProperties, lane: str) -> None:
    info, where = task.definition.info, f"task {task.name!r}"
    chosen = python_lane(lane, task.definition.is_async, info.fresh, where)
    read_schedule({"end_cond": info.schedule.end}, chosen, where)
    task.definition = task.definition.with_info(lane=chosen)


def _set_disabled(task: TaskProperties, value: bool) -> None:
    enabled = not read_switch(value, "disabled", f"task {task.name!r}")
    schedule = replace(task.definition.info.schedule, enabled=enabled)
    task.definition = task.definition.with_info(schedule=schedule)


def _set_parameters(task: TaskProperties, given: Mapping[str, Any] | None) -> None:
    info = task.definition.info
    names = [name for name, _ in info.parameters]
    own = read_parameters(given, names, info.any_parameters, f"task {info.name!r}")
    task.definition = replace(task.definition, parameters=own)


def _timeout(definition: TaskDefinition) -> timedelta | None:
    seconds = definition.info.policies.timeout_s
    return None if seconds is None else timedelta(seconds=seconds)


def _condition(text: str | None) -> Condition | None:
    if text is None:
        return None
    from rtd.language.parser import parse  # lazy: many apps have none

    return parse(text)


class TaskProperties:
    """The options of `rtd.Task`. Each is checked when it is set, as at the declaration.

    Setting one changes the app while it is imported. Within a run, and in the scheduler's hooks,
    `disabled` takes effect as `rtctl disable` and `rtctl enable` do; the others raise
    `PolicyError`.
    """

    session: Any
    definition: TaskDefinition
    #: Whether an instance stands for a run and not for a task.
    is_made_per_run: ClassVar[bool] = False
    #: Attributes that are read only when the task is made.
    _fixed: ClassVar[frozenset[str]] = frozenset()

    #: Unique in the session.
    name = TaskOption[str](lambda d: d.info.name, lambda task, to: task.session.rename(task, to))
    #: One line.
    description = TaskOption[str](lambda d: d.info.doc, _set_description)
    #: When the task starts by itself; set as a text or a condition.
    start_cond = TaskOption["Condition | None"](
        lambda d: _condition(d.info.schedule.start), _set_schedule("start", "start_cond")
    )
    #: When a run of the task is stopped; set as a text or a condition.
    end_cond = TaskOption["Condition | None"](
        lambda d: _condition(d.info.schedule.end), _set_schedule("end", "end_cond")
    )
    #: How long a run may take; set as seconds, `"2 hours"` or `"never"`.
    timeout = TaskOption["timedelta | None"](_timeout, _set_policy("timeout"))
    #: -100 to 100, higher first.
    priority = TaskOption[int](lambda d: d.info.policies.priority, _set_policy("priority"))
    #: The lane: `process`, `thread`, `main`, `async`, or `command`.
    lane = TaskOption[str](lambda d: d.info.lane, _set_lane)
    #: Red Engine's word for the lane.
    execution = TaskOption[str](lambda d: d.info.lane, _set_lane)
    #: Whether the task starts only when submitted.
    disabled = TaskOption[bool](lambda d: not d.info.schedule.enabled, _set_disabled)
    #: Whether the task runs once when it is new, without regard to its condition.
    force_run = TaskOption[bool](lambda d: d.info.force_run, _set_switch("force_run"))
    #: Whether the task runs when the daemon starts, and only then.
    on_startup = TaskOption[bool](lambda d: d.info.on_startup, _set_switch("on_startup"))
    #: Whether the task runs when the daemon ends, and only then.
    on_shutdown = TaskOption[bool](lambda d: d.info.on_shutdown, _set_switch("on_shutdown"))
    #: The task's own parameters, by name.
    parameters = TaskOption[Parameters](lambda d: cast("Parameters", d.parameters), _set_parameters)

    def __setattr__(self, name: str, value: Any) -> None:
        if not self.is_made_per_run and "definition" in self.__dict__ and name[0] != "_":
            self._check_attribute(name)
        object.__setattr__(self, name, value)

    def _check_attribute(self, name: str) -> None:
        """Refuse an attribute that would have no effect. Raises AttributeError.

        A class of the app may have attributes of its own; only what is nearly an option is
        refused there.
        """
        kind, where = type(self), f"task {self.name!r}: {name!r}"
        if name in self._fixed:
            raise AttributeError(f"{where} is fixed once the task is made: make another task")
        if name in _OF_RUNS:
            raise AttributeError(f"{where} cannot be set: it is about runs, see rtctl")
        if name in self.__dict__ or any(name in vars(base) for base in kind.__mro__):
            return
        is_own = not kind.__module__.startswith("rtd.session.")
        hint = did_you_mean(name, _OPTIONS, cutoff=0.8 if is_own else 0.6)
        if name in ("session", "definition") or (is_own and (not hint or name[:-1] in _OPTIONS)):
            return
        raise AttributeError(f"{where} is no attribute of a {kind.__name__}{hint}")

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
        from rtd.model.words.other_options import QUEUE_CALLS  # lazy: only for a mistake

        hint = ""
        if name in QUEUE_CALLS and "definition" in self.__dict__:
            hint = (
                "; `from rtctl import Client`, then"
                f" Client().submit({self.name!r}, name=value) queues a run"
            )
        raise AttributeError(f"{kind!r} has no attribute {name!r}{hint}")


_OPTIONS: Final = [name for name, of in vars(TaskProperties).items() if isinstance(of, TaskOption)]
