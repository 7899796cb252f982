"""The part of a session that declares tasks: the decorator, and pytask's calls."""

from __future__ import annotations

from collections.abc import Callable
from inspect import iscoroutinefunction, isgeneratorfunction
from typing import TYPE_CHECKING, Any, overload

from rtd.common.errors import PolicyError
from rtd.session.core.schedule_options import ConditionSource
from rtd.session.core.serving_app import refuse_late
from rtd.session.core.session_state import LocalTask, SessionState
from rtd.session.core.signature import accepts, caller_location
from rtd.session.tasks.check_class import refuse_instance
from rtd.session.tasks.class_task import read_name
from rtd.session.tasks.func_task import FuncTask, declare_task
from rtd.session.tasks.task import Task

if TYPE_CHECKING:
    from rtd.language.core.condition import Condition


class TaskDeclarations(SessionState):
    """Declares the tasks of a session. A base of `rtd.session.Session`."""

    @overload
    def task(self, target: Callable[..., Any], /) -> FuncTask: ...

    @overload
    def task(
        self,
        *,
        name: str | None = None,
        lane: str | None = None,
        fresh: bool = False,
        start_cond: str | Condition | ConditionSource | None = None,
        end_cond: str | Condition | ConditionSource | None = None,
        **options: Any,
    ) -> Callable[[Callable[..., Any]], FuncTask]: ...

    def task(
        self,
        target: Callable[..., Any] | None = None,
        *,
        name: str | None = None,
        lane: str | None = None,
        fresh: bool = False,
        start_cond: str | Condition | ConditionSource | None = None,
        end_cond: str | Condition | ConditionSource | None = None,
        **options: Any,
    ) -> Any:
        """Declare a function, a coroutine function or a class with `start` as a task.

        Args:
            name: of the task; default: the function's own name.
            lane: `process` (default), `thread`, `main`, or `async` (default for
                `async def`).
            fresh: give every run a newly forked process of its own.
            start_cond: the condition under which the task starts by itself
                (`"daily after 08:00 & after task 'fetch'"`); without one it runs when it is
                submitted.
            end_cond: the condition under which a run is stopped
                (`"running past 2 hours | memory above 1 GB"`).
            options: more about the schedule: `catch_up` (what happens to starts that were due while
                rtd was down: `if true`, `none`, `last`, `all`, `within SPAN`), `overlap` (True:
                several runs of it may be running at once), `timezone` (default: that
                of the app), `enabled` (False: only when submitted, until `rtctl enable`). The
                policies, see `rtd.model.policies.POLICY_OPTIONS`; durations are seconds or text
                (`"2 hours"`), sizes bytes or text (`"512M"`). And `description`, `parameters`
                (the task's own, by name), `on_startup`, `on_shutdown`, `force_run`, `on_exists`,
                and Red Engine's words `execution` (the lane) and `disabled`: see `rtd.core.Task`.

        Returns:
            The task, which is called like the function.

        Raises:
            PolicyError: a name that is taken, an unknown option, a bad value, a limit
                that the lane cannot enforce, or a condition that cannot be read (says
                where).
        """
        options.update(fresh=fresh, start_cond=start_cond, end_cond=end_cond)

        def declare(function: Callable[..., Any]) -> FuncTask:
            return declare_task(self, function, name=name, lane=lane, options=options)

        return declare if target is None else declare(target)

    def add_task(self, task: Any, **options: Any) -> Task:
        """Put a task into the session: a class with `start`, a function, or a task that was made
        before.

        Args:
            task: a class is the task `NAME`, or its own name, in lane `LANE` or `process`.
            options: as those of `task`.

        Returns:
            The task.

        Raises:
            PolicyError: the name is taken, an option cannot be used, or the class has no `start`.
        """
        refuse_instance(task, "add_task")
        if isinstance(task, Task):
            if options:
                names = ", ".join(sorted(options))
                raise PolicyError(
                    f"add_task: task {task.name!r} is made already; give {names} where it is made,"
                    " or set attributes of the task"
                )
            self.add(task)
            return task
        if isinstance(task, type) and issubclass(task, Task) and task.execute is not Task.execute:
            raise PolicyError(
                f"add_task: {task.__name__} has execute(): each instance of it is a task, so make"
                f" one: {task.__name__}(...); the runs of a class with start() make the instances"
            )
        name, lane = options.pop("name", None), options.pop("lane", None)
        return declare_task(self, task, name=name, lane=lane, options=options)

    def add_tasks(self, *tasks: Any) -> None:
        """Put several tasks into the session, see `add_task`. Raises PolicyError."""
        for task in tasks:
            self.add_task(task)

    def start_local_task(self, task: Any, /, **data: Any) -> None:
        """Keep one run of a task running on each node that serves this app.

        rtd starts it with the app, starts it again when it has ended in any way, and ends it
        with the daemon or when a reload has changed it.

        Args:
            task: its name, the task itself, or its class.
            data: its parameters.

        Raises:
            PolicyError: the app serves already.
            UnserialisableError: one of the parameters cannot be stored.
        """
        refuse_instance(task, "start_local_task")
        name = task if isinstance(task, str) else read_name(task) or _name_of(task)
        if self.serving is not None:
            refuse_late(f"local task {name!r}")
        self.local_tasks.append(LocalTask(name, data, caller_location()))

    def add_exception_handler(
        self, handler: Callable[[BaseException], Any]
    ) -> Callable[[BaseException], Any]:
        """Call a function with each exception of a task that was not expected. A decorator, too.

        It is called in the run, after each attempt that ends in state `exception`; not for
        `rtd.Error`, `rtd.Skip`, stops and losses. If it raises, that is a fault in `rtctl status`.

        Args:
            handler: takes the exception; a plain function.

        Raises:
            PolicyError: it is no plain function, or the app serves already.
        """
        if not callable(handler) or iscoroutinefunction(handler):
            raise PolicyError(f"add_exception_handler: {handler!r:.80} is no plain function")
        if isgeneratorfunction(handler) or not accepts(handler, None):
            name = getattr(handler, "__qualname__", type(handler).__qualname__)
            raise PolicyError(
                f"add_exception_handler: {name} must be a function of one parameter, the exception"
            )
        if self.serving is not None:
            refuse_late("the exception handlers")
        self.exception_handlers.append(handler)
        return handler


def _name_of(task: Any) -> str:
    return str(getattr(task, "name", None) or getattr(task, "__name__", task))
