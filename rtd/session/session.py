"""A session holds an app's tasks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, overload

from rtd.common.errors import PolicyError
from rtd.model.app_info import AppFault
from rtd.model.manifest import Manifest
from rtd.session.app.manifest import manifest_of
from rtd.session.core import describe_error
from rtd.session.core.default_session import set_default_session
from rtd.session.core.hooks import Hooks, HookScope
from rtd.session.core.session_config import SessionConfig
from rtd.session.loaders.py_loader import Loader, load_files
from rtd.session.parameters.parameters import Parameters
from rtd.session.tasks.base import Task, task_of
from rtd.session.tasks.definition import TaskDefinition
from rtd.session.tasks.naming import add_task, rename
from rtd.session.tasks.task_decorator import declare_task

if TYPE_CHECKING:
    from rtd.language.core.condition import Condition
    from rtd.session.core.custom_conditions import FuncCond
    from rtd.session.run_tasks import TaskResult


class Session:
    """The tasks of one app.

    ```python
    session = Session()

    @session.task(timeout="2 hours", retries=3)
    def report(day): ...
    ```
    """

    def __init__(
        self,
        config: Mapping[str, Any] | None = None,
        scheme: str | Iterable[str] | None = None,
        tasks: Iterable[Task | TaskDefinition] = (),
        parameters: Mapping[str, Any] | None = None,
        *,
        timezone: str | None = None,
        as_default: bool = True,
    ) -> None:
        """
        Args:
            config: what can be said about the session as a whole, see `SessionConfig`; and
                settings of the daemon, beneath those of its own configuration.
            scheme: how runs are logged: the names of one or more schemes.
            tasks: tasks that were made before it and are to be in it.
            parameters: given to every task that names them and is not given them otherwise.
            timezone: IANA name (`Europe/Helsinki`) of the local time of its conditions;
                default: that of the daemon's host.
            as_default: declarations that name no session go to this one from now on; the
                first one takes over those that were made before it.

        Raises:
            ConfigError: an unknown key or scheme (names the nearest), or a value that cannot be
                used.
            PolicyError: nobody knows a zone of that name.
        """
        self.config = SessionConfig(config)
        if timezone is not None:
            self.config.timezone = timezone
        self.schemes: tuple[str, ...] = ()
        if scheme:
            from rtd.session.task_log.schemes import (
                set_schemes,  # lazy: many apps do not log their runs
            )

            self.schemes = set_schemes(scheme)
        self.tasks: dict[str, TaskDefinition] = {}
        self.parameters = Parameters()
        self.hooks = Hooks()
        self.loaders: list[Loader] = []
        self.faults: list[AppFault] = []
        waiting = set_default_session(self) if as_default else None
        if waiting is not None:
            self._take_over(waiting)
        self.parameters.update(parameters or {})
        for task in tasks:
            self.add(_definition_of(task))

    def _take_over(self, other: Session) -> None:
        """What was declared before there was a session is this one's."""
        for definition in other.tasks.values():
            self.add(definition)
        self.parameters.update(other.parameters)
        self.hooks.take_over(other.hooks)
        self.loaders[:0] = other.loaders
        self.faults[:0] = other.faults

    @overload
    def task(self, target: Callable[..., Any], /) -> TaskDefinition: ...

    @overload
    def task(
        self,
        *,
        name: str | None = None,
        lane: str | None = None,
        fresh: bool = False,
        start_cond: str | Condition | FuncCond | None = None,
        end_cond: str | Condition | FuncCond | None = None,
        **options: Any,
    ) -> Callable[[Callable[..., Any]], TaskDefinition]: ...

    def task(
        self,
        target: Callable[..., Any] | None = None,
        *,
        name: str | None = None,
        lane: str | None = None,
        fresh: bool = False,
        start_cond: str | Condition | FuncCond | None = None,
        end_cond: str | Condition | FuncCond | None = None,
        **options: Any,
    ) -> Any:
        """Declare a function, a coroutine function or a class with `start` as a task.

        Args:
            name: what the task is called; default: the function's own name.
            lane: `process` (default), `thread`, `main`, or `async` (default for
                `async def`).
            fresh: give every run a newly forked process of its own.
            start_cond: the condition under which it starts by itself
                (`"daily after 08:00 & after task 'fetch'"`); without one it runs when it is
                submitted.
            end_cond: the condition under which a run of it is stopped
                (`"running past 2 hours | memory above 1 GB"`).
            options: what else is said about its schedule: `catch_up` (due moments that
                nobody could fire, since rtd was down: `if true`, `none`, `last`, `all`,
                `within SPAN`), `overlap` (True: it may start while a run of its own is
                going), `timezone` (default: the session's), `enabled` (False: only when
                submitted, until `rtctl enable`). Its policies, see
                `rtd.model.policies.POLICY_OPTIONS`; durations are seconds or text
                (`"2 hours"`), sizes bytes or text (`"512M"`). And `description`, `parameters`
                (its own, by name),
                `on_startup`, `on_shutdown`, `force_run`, `on_exists`, and Red Engine's words
                `execution` (the lane) and `disabled`: see `rtd.core.Task`.

        Raises:
            PolicyError: a name that is taken, an unknown option, a bad value, a limit
                that the lane cannot enforce, or a condition that cannot be read (says
                where).
        """

        options.update(start_cond=start_cond, end_cond=end_cond)

        def declared(function: Callable[..., Any]) -> TaskDefinition:
            return declare_task(self, function, name=name, lane=lane, fresh=fresh, options=options)

        return declared if target is None else declared(target)

    def add(self, definition: TaskDefinition, on_exists: str | None = None) -> None:
        """Put a task into the session.

        Args:
            definition: of the task.
            on_exists: what to do when its name is taken; default: the config's
                `task_pre_exist`.

        Raises:
            PolicyError: the name is taken.
        """
        add_task(self.tasks, definition, on_exists or self.config.task_pre_exist)
        if definition.task is not None:
            definition.task.session = self

    def rename(self, definition: TaskDefinition, name: str) -> None:
        """Give a task another name. Raises PolicyError when it is taken or cannot be used."""
        rename(self.tasks, definition, name)

    def init_hook_scope(self) -> HookScope:
        """The hooks that are called around the making of a task."""
        return HookScope(self.hooks.init, self._hook_raised)

    def _hook_raised(self, name: str, error: BaseException) -> None:
        self.record_fault("hook", name, error)

    def record_fault(self, kind: str, what: str, error: BaseException) -> None:
        """Note what failed where nothing may stop for it; see `rtd.model.app_info.AppFault`."""
        self.faults.append(AppFault(kind, what, describe_error.describe_error(error), time.time()))

    def __getitem__(self, name: str) -> Task:
        """The task of that name as an object. Raises KeyError."""
        return task_of(self.tasks[name], self)

    def __contains__(self, task: object) -> bool:
        """Whether there is a task of that name, or this very task."""
        if isinstance(task, str):
            return task in self.tasks
        return any(task in (found, found.task) for found in self.tasks.values())

    def __iter__(self) -> Iterator[Task]:
        """The tasks as objects, in the order of their declaration."""
        return (self[name] for name in list(self.tasks))

    def __len__(self) -> int:
        return len(self.tasks)

    def __bool__(self) -> bool:
        """A session is one, also without tasks."""
        return True

    def load_files(self) -> None:
        """Read the task files of its loaders, each once. rtd does it when it has imported the
        app; a program that only wants to look at the tasks calls it itself."""
        load_files(self)

    def manifest(self, app: str | None = None) -> Manifest:
        """The session as plain data, for the supervisor."""
        return manifest_of(self, app)

    def get_task_log(self, **query: Any) -> Iterator[dict[str, Any]]:
        """The records of the task log, the oldest first: maps with task_name, action, start, end,
        runtime, exc_text, run_id, created (epoch seconds) and timestamp.

        Args:
            query: what a record's fields shall be: one value (`task_name="fetch"`), any of a
                list (`action=["fail", "terminate"]`), or within two bounds, either of which
                may be None (`timestamp=("2026-01-31", None)`).

        Raises:
            ConfigError: no log of the app's can be read, or records have no such field.
            Unreachable: the log is kept in Redis, and outside of tasks no daemon answers.
        """
        from rtd.session.task_log.read_task_log import (
            get_task_log,  # lazy: many apps do not read their log
        )

        return get_task_log(query)

    def start(self) -> None:
        """Be the daemon of this app in the foreground, as `rtd run` is; returns when it has ended.

        Ctrl-C ends it in order, a second one at once. Put it under
        `if __name__ == "__main__":`, since the daemon imports the file again.

        Raises:
            AppError: rtd itself is importing the app, or the session is in no file.
            SystemExit: the daemon failed (it has said why), with its exit code.
        """
        from rtd.session import start_daemon  # lazy: only a program that starts a daemon needs it

        start_daemon.start(self)

    def run(self, *names: Any) -> list[TaskResult]:
        """Run tasks now, one after the other, whatever their conditions say.

        In the daemon that serves this app; without one, in one that is started for them and
        ended afterwards, and that starts nothing by itself.

        Args:
            names: of the tasks, or the tasks themselves.

        Returns:
            What became of each; it is true in an `if` when it succeeded.

        Raises:
            AppError: as `start`, or no daemon could be started.
            UnknownTask: there is no task of such a name; none has been started.
            ParameterError: a task needs parameters that nothing gives it.
        """
        from rtd.session import run_tasks  # lazy: it is a client of the daemon

        return run_tasks.run(self, names)


def _definition_of(task: Any) -> TaskDefinition:
    found = task.definition if isinstance(task, Task) else task
    if not isinstance(found, TaskDefinition):
        raise PolicyError(f"session: tasks: {task!r:.80} is no task")
    return found
