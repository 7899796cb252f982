"""The contents of a session, which tasks, parameters, loaders and hooks share. The methods for
users stand above, in `rtd.session.session.Session`."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count
from typing import Any, Final, NamedTuple, Protocol

from rtd.common.did_you_mean import did_you_mean
from rtd.common.errors import PolicyError
from rtd.model.app_info import AppFault, LoaderInfo
from rtd.session.core.app_errors import describe_error
from rtd.session.core.hooks import Hooks, HookScope
from rtd.session.core.serving_app import DeclaredDict, ServingApp, refuse_late
from rtd.session.core.session_config import PRE_EXIST, SessionConfig
from rtd.session.core.task_definition import RunScope, TaskDefinition, check_name


class SessionTask(Protocol):
    """A task in a session; see `rtd.session.tasks.task.Task`."""

    session: Any
    definition: TaskDefinition

    @property
    def name(self) -> str:
        """The task's name, unique in the session."""


class LocalTask(NamedTuple):
    """A declaration of `start_local_task`, and where it is."""

    task: str
    data: dict[str, Any]
    source: str


class SessionLoader(Protocol):
    """A loader in a session; see `rtd.session.loaders.py_loader.Loader`."""

    @property
    def info(self) -> LoaderInfo:
        """The loader as the supervisor knows it."""

    def load(self, session: Any) -> None:
        """Read the loader's files, once."""


#: What a program may set. Anything else would have no effect.
_ATTRIBUTES: Final = (
    "config", "tasks", "parameters", "hooks", "loaders", "faults", "serving", "schemes",
    "declared_middleware", "middleware", "rt_settings", "local_tasks", "exception_handlers",
    "run_scope", "holder",
)  # fmt: skip


class SessionState:
    """The tasks, parameters, hooks, loaders and faults of one app.

    Args:
        config: of the session as a whole.
        parameters: the session's own parameters, by name.
    """

    def __init__(self, config: SessionConfig, parameters: dict[str, Any]) -> None:
        self.config = config
        self.parameters = parameters
        self.tasks: DeclaredDict[SessionTask] = DeclaredDict()
        self.hooks = Hooks()
        self.loaders: list[SessionLoader] = []
        self.faults: list[AppFault] = []
        #: Those of which one run goes on on each node, see `start_local_task`.
        self.local_tasks: list[LocalTask] = []
        #: Set in an executor: what it does for the app.
        self.serving: ServingApp | None = None
        #: Called with each exception of a task that was not expected.
        self.exception_handlers: list[Callable[[BaseException], Any]] = []
        #: Makes the context around the runs of all tasks; None: none.
        self.run_scope: RunScope | None = None
        #: Stands for it in its module: a `rtd.session.app.session_holder.SessionHolder`, or None.
        self.holder: Any = None
        #: As `App(middleware=...)` has it: texts, classes or factories.
        self.declared_middleware: tuple[Any, ...] = ()
        #: Set when the app is loaded: a `rtd.session.middleware.entries.MiddlewareEntry` for each
        #: middleware, the outermost first.
        self.middleware: tuple[Any, ...] = ()
        #: Set before that: a `rtd.session.settings.settings.SettingsModule`, or None.
        self.rt_settings: Any = None

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "tasks" and "tasks" in self.__dict__:
            raise AttributeError("session.tasks cannot be replaced: make tasks, or delete some")
        if name == "config" and "config" in self.__dict__:
            self.config.update(value)
        elif name == "parameters" and "parameters" in self.__dict__:
            given = type(self.parameters)(value)
            self.parameters.clear()
            self.parameters.update(given)
        elif name not in _ATTRIBUTES and type(self).__module__.startswith("rtd.session."):
            hint = did_you_mean(name, _ATTRIBUTES)
            raise AttributeError(f"{name!r} is no attribute of a session{hint}")
        else:
            super().__setattr__(name, value)

    def freeze(self, serving: ServingApp) -> None:
        """Refuse changes from now on: this is the copy of the app in an executor."""
        self.serving = serving
        self.tasks.freeze("session.tasks")
        self.config.freeze()
        where = "use `rtctl params set`, or change the app and run `rtctl reload`"
        for parameters in (
            self.parameters,
            *(t.definition.parameters for t in self.tasks.values()),
        ):
            if isinstance(parameters, DeclaredDict):
                parameters.freeze("parameters", where)

    def add(self, task: SessionTask, on_exists: str | None = None) -> None:
        """Put a task into the session.

        Args:
            task: its definition is complete.
            on_exists: what to do when the name is taken: `raise`; `replace` the other task;
                `ignore` this one, which then runs nowhere; `rename` this one, by the first
                number from 0 that makes its name unique. Default: the config's
                `task_pre_exist`.

        Raises:
            PolicyError: the name is taken; says where the other task is declared.
        """
        on_exists = on_exists or self.config.task_pre_exist
        name = task.definition.info.name
        if self.serving is not None:
            task.session = self
            text = "it is made while the app serves, and runs nowhere; make it at the import"
            self.serving.report_fault("task", name, f"{text} ({task.definition.info.source})")
            return
        if on_exists not in PRE_EXIST:
            known = ", ".join(map(repr, PRE_EXIST))
            raise PolicyError(f"task {name!r}: on_exists: {on_exists!r} is none of {known}")
        task.session = self
        other = self.tasks.get(name)
        if other is not None and other is not task:
            if on_exists == "ignore":
                return
            if on_exists == "raise":
                raise _taken(other)
            if on_exists == "rename":
                name = next(free for n in count() if (free := f"{name}{n}") not in self.tasks)
                check_name(name, f"task {name!r}")
                task.definition = task.definition.renamed(name)
            else:
                del self.tasks[name]
        self.tasks[name] = task

    def rename(self, task: SessionTask, name: str) -> None:
        """Give a task another name. Raises PolicyError when it is taken or cannot be used."""
        other = self.tasks.get(name)
        if self.serving is not None:
            refuse_late(f"task {task.name!r}: its name")
        if other is not None and other is not task:
            raise _taken(other)
        check_name(name, f"task {name!r}")
        before = task.definition.info.name
        task.definition = task.definition.renamed(name)
        if self.tasks.get(before) is task:
            del self.tasks[before]
            self.tasks[name] = task

    def init_hook_scope(self) -> HookScope:
        """Return the hooks that are called around the making of a task."""
        return HookScope(self.hooks.init, self._record_hook_fault)

    def _record_hook_fault(self, name: str, error: BaseException) -> None:
        self.record_fault("hook", name, error)

    def record_fault(self, kind: str, what: str, error: BaseException) -> None:
        """Note a failure of the app that must stop nothing; see `rtd.model.app_info.AppFault`."""
        self.add_fault(kind, what, describe_error(error))

    def add_fault(self, kind: str, what: str, text: str) -> None:
        """As `record_fault`, for a sentence."""
        self.faults.append(AppFault(kind, what, text, time.time()))


def _taken(other: SessionTask) -> PolicyError:
    info = other.definition.info
    return PolicyError(f"task {info.name!r} exists already (declared in {info.source})")
