"""The public session: what users call, above `rtd.session.core.session_state.SessionState`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from typing import TYPE_CHECKING, Any, cast

from rtd.common.errors import PolicyError
from rtd.session.core.default_session import SESSIONS, set_default_session
from rtd.session.core.session_config import SessionConfig
from rtd.session.core.session_state import SessionState
from rtd.session.loaders.py_loader import load_files
from rtd.session.parameters.parameters import Parameters
from rtd.session.tasks.declarations import TaskDeclarations
from rtd.session.tasks.task import Task

if TYPE_CHECKING:
    from rtd.model.manifest import TaskInfo
    from rtd.session.run_tasks import TaskResult


class Session(TaskDeclarations):
    """The tasks of one app. `App` is the same class by the name that new programs use; `Session` is
    Red Engine's.

    ```python
    app = App()

    @app.task(timeout="2 hours", retries=3)
    def report(day): ...
    ```
    """

    parameters: Parameters

    def __init__(
        self,
        config: Mapping[str, Any] | None = None,
        scheme: str | Iterable[str] | None = None,
        tasks: Iterable[Task] = (),
        parameters: Mapping[str, Any] | None = None,
        *,
        timezone: str | None = None,
        middleware: Iterable[str | Callable[[], Any]] = (),
        as_default: bool = True,
    ) -> None:
        """
        Args:
            config: the options of the session as a whole, see
                `rtd.session.core.session_config.SessionConfig`; and settings of the daemon, which
                the daemon's own configuration overrides.
            scheme: how runs are logged: the names of one or more schemes.
            tasks: tasks that were made before, to be put into this session.
            parameters: every task that names one of them gets it, unless it is given another.
            timezone: IANA name (`Europe/Helsinki`) of the local time of the conditions;
                default: that of the daemon's host.
            middleware: called around every run, the outermost first: classes, factories without
                arguments, or dotted names (`"middleware.SleepMiddleware"`). Found and made when
                the app is loaded.
            as_default: make this the default session, which gets the declarations that name no
                session. The first one also takes over those that were made before it.

        Raises:
            ConfigError: an unknown key or scheme (names the nearest), or a value that cannot be
                used.
            PolicyError: there is no time zone of that name, or `middleware` is no list.
        """
        super().__init__(SessionConfig(config), Parameters())
        if timezone is not None:
            self.config.timezone = timezone
        self.declared_middleware = _list_of_middleware(middleware)
        self.schemes: tuple[str, ...] = ()
        if scheme:
            from rtd.session.task_log.schemes import (
                set_schemes,  # lazy: many apps do not log their runs
            )

            self.schemes = set_schemes(scheme)
        waiting = set_default_session(self) if as_default else None
        if waiting is not None:
            self._take_over(waiting)
        self.parameters.update(parameters or {})
        for task in tasks:
            if not isinstance(task, Task):
                raise PolicyError(f"session: tasks: {task!r:.80} is no task")
            self.add(task)

    def _take_over(self, other: SessionState) -> None:
        """Move the declarations of the implied session into this one."""
        for task in other.tasks.values():
            self.add(task)
        self.parameters.update(other.parameters)
        self.hooks.take_over(other.hooks)
        self.exception_handlers[:0] = other.exception_handlers
        self.loaders[:0] = other.loaders
        self.faults[:0] = other.faults
        self.local_tasks[:0] = other.local_tasks

    def __getitem__(self, name: str) -> Task:
        """Return the task of a name. Raises KeyError."""
        return cast("Task", self.tasks[name])

    def __contains__(self, task: object) -> bool:
        """Tell whether the session has a task of that name, or this very task."""
        if isinstance(task, str):
            return task in self.tasks
        return any(task is other for other in self.tasks.values())

    def __iter__(self) -> Iterator[Task]:
        """Iterate over the tasks, in the order of their declaration."""
        return (self[name] for name in list(self.tasks))

    def __len__(self) -> int:
        return len(self.tasks)

    def __bool__(self) -> bool:
        """True, also for a session without tasks."""
        return True

    def load_files(self) -> None:
        """Read the task files of the loaders, each once. rtd calls it when it has imported the
        app; a program that only inspects the tasks calls it itself."""
        load_files(self)

    def declared_tasks(self) -> dict[str, TaskInfo]:
        """Return what its tasks declare, by name: `Client("redis://...", session=session)` checks
        parameters against it before the first worker has run.
        """
        from rtd.session.parameters.describe import describe_parameters  # lazy: few are clients

        describe_parameters(self)  # it completes the definitions
        return {name: task.definition.info for name, task in self.tasks.items()}

    def get_task_log(self, **query: Any) -> Iterator[dict[str, Any]]:
        """Iterate over the records of the task log, the oldest first: maps with task_name, action,
        start, end, runtime, exc_text, run_id, created (epoch seconds) and timestamp.

        Args:
            query: selects records by their fields: one value (`task_name="fetch"`), any of a
                list (`action=["fail", "terminate"]`), or two bounds, either of which may be None
                (`timestamp=("2026-01-31", None)`).

        Raises:
            ConfigError: the app has no log that can be read, or records have no such field.
            Unreachable: the log is kept in Redis, and outside of tasks no daemon answers.
        """
        from rtd.session.task_log.read_task_log import (
            get_task_log,  # lazy: many apps do not read their log
        )

        return get_task_log(query)

    def start(self) -> None:
        """Run the daemon of this app in the foreground, as `rtd run` does, until it has ended.

        Ctrl-C ends the daemon in order, a second one at once. Put the call under
        `if __name__ == "__main__":`, since the daemon imports the file again.

        Raises:
            AppError: rtd itself is importing the app, or the session is in no file.
            SystemExit: the daemon failed and has printed why; the code is its exit code.
        """
        from rtd.session import start_daemon  # lazy: only a program that starts a daemon needs it

        start_daemon.start(self)

    def run(self, *names: Any) -> list[TaskResult]:
        """Run tasks now, one after the other, without regard to their conditions.

        They run in the daemon that serves this app. Without one, a daemon is started for them,
        which starts nothing by itself and is ended afterwards.

        Args:
            names: of the tasks, or the tasks themselves.

        Returns:
            A result for each task, which is true in an `if` when the run succeeded.

        Raises:
            AppError: as `start`, or no daemon could be started.
            UnknownTask: there is no task of such a name; none has been started.
            ParameterError: a task needs parameters that nothing gives it.
        """
        from rtd.session import run_tasks  # lazy: it is a client of the daemon

        return run_tasks.run(self, names)


def _list_of_middleware(given: Any) -> tuple[Any, ...]:
    if isinstance(given, str | type) or not isinstance(given, Iterable):
        raise PolicyError(f"session: middleware: {given!r:.80} is no list; write [{given!r:.80}]")
    if isinstance(given, bytes | Mapping | Set):  # a set has no order
        raise PolicyError(
            f"session: middleware: {given!r:.80} is no list; write a list of classes or their names"
        )
    return tuple(given)


App = Session
SESSIONS.make = lambda: Session(as_default=False)
