"""The part of a task worker that declares tasks, and hooks around the forks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from rtd.flask.base_task import BaseTask
from rtd.flask.core.app_registry import AppRegistry
from rtd.flask.core.cron_fields import (
    cron_condition,
    date_condition,
    given_parameters,
    refuse_times,
)
from rtd.session.app.session_holder import SessionHolder
from rtd.session.session import Session
from rtd.session.tasks.func_task import declare_task

F = TypeVar("F", bound=Callable[..., Any])


class WorkerDeclarations(SessionHolder):
    """Declares the tasks of a worker. A base of `BaseTaskWorker`."""

    def __init__(self, session: Session, apps: AppRegistry) -> None:
        self.session = session
        self.apps = apps

    def define_task(self, function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
        """Declare a function, a coroutine function or a class with `start` as a task. A decorator,
        bare or with the options of `rtd.Session.task`.

        ```python
        @task_worker.define_task
        def email_task(**kwargs): ...

        @task_worker.define_task(retries=3, timeout="5m", queue="mail")
        def report(day): ...
        ```

        Returns:
            A `BaseTask`: called, it is the function; its `apply` queues a run.

        Raises:
            PolicyError: the name is taken, or an option cannot be used.
        """

        def declare(target: Callable[..., Any]) -> BaseTask:
            name, lane = options.get("name"), options.get("lane")
            rest = {key: v for key, v in options.items() if key not in ("name", "lane")}
            task = declare_task(
                self.session, target, name=name, lane=lane, options=rest, kind=BaseTask
            )
            assert isinstance(task, BaseTask)
            return task

        return declare if function is None else declare(function)

    def define_cron_task(
        self, *times: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None, **fields: Any
    ) -> Callable[[Callable[..., Any]], BaseTask]:
        """Decorator: declare a task that starts by the clock, by the fields of APScheduler.

        ```python
        @task_worker.define_cron_task(day_of_week="mon-fri", hour=8)
        def morning(): ...
        ```

        Args:
            times: refused: the fields have names.
            args, kwargs: what the function gets.
            fields: `month`, `day`, `day_of_week` (0 is Monday), `hour`, `minute` and `timezone`;
                and the options of `define_task`.

        Raises:
            PolicyError: a field that cannot be said to the minute; or as `define_task`.
        """
        refuse_times(times)
        condition, options = cron_condition(fields)

        def declare(function: Callable[..., Any]) -> BaseTask:
            params = given_parameters(function, args, kwargs)
            task: BaseTask = self.define_task(start_cond=condition, **params, **options)(function)
            return task

        return declare

    def define_date_task(
        self,
        run_date: Any,
        *,
        timezone: str | None = None,
        args: Any = (),
        kwargs: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Callable[[Callable[..., Any]], BaseTask]:
        """Decorator: declare a task that starts once, at a time at most a year ahead.

        Seconds are rounded up to the next minute. A time that has passed when the app is imported
        starts nothing; `rtctl status` says so.

        Args:
            run_date: a `datetime`, a `date`, or text (`"2026-01-31 08:00"`).
            timezone: IANA name; default: that of `run_date`, else of the daemon.
            args, kwargs: what the function gets.
            options: those of `define_task`.

        Raises:
            PolicyError: it is no time, or too far away; or as `define_task`.
        """
        condition, zone = date_condition(run_date, timezone)

        def declare(function: Callable[..., Any]) -> BaseTask:
            params = given_parameters(function, args, kwargs)
            more = {"start_cond": condition, **zone, **params, **options}
            task: BaseTask = self.define_task(**more)(function)
            if condition is None:
                text = f"its run_date {run_date} has passed: it does not start by itself"
                self.session.add_fault("task", task.name, text)
            return task

        return declare

    def before_fork(self, function: F) -> F:
        """Decorator: call the function, in a context of each app, in the process that has imported
        the program, before the first process for runs is forked from it.

        Close there what processes must not share, such as connections. Engines of Flask-SQLAlchemy
        are disposed without this.
        """

        def call() -> None:
            for app in self.apps.all():
                with app.app_context():
                    function()

        call.__qualname__ = getattr(function, "__qualname__", "before_fork")
        self.session.hooks.before_fork.append(call)
        return function

    def after_fork(self, function: F) -> F:
        """Decorator: call the function, in a context of each app, in each process for runs before
        its first run."""

        def call(_executor: Any) -> None:
            for app in self.apps.all():
                with app.app_context():
                    function()

        call.__qualname__ = getattr(function, "__qualname__", "after_fork")
        self.session.hooks.start.append(call)
        return function
