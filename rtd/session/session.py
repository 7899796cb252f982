"""A session holds an app's tasks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, overload

from rtd.model.appinfo import AppInfo, Fault, LoaderInfo
from rtd.model.errors import PolicyError
from rtd.model.manifest import Manifest
from rtd.session.default import become_default
from rtd.session.hooks import Hooks
from rtd.session.schedule import read_timezone
from rtd.session.task import TaskDefinition, define

if TYPE_CHECKING:
    from rtd.conditions.base import Condition


class Session:
    """The tasks of one app.

    ```python
    session = Session()

    @session.task(timeout="2 hours", retries=3)
    def report(day): ...
    ```
    """

    def __init__(self, *, timezone: str | None = None, as_default: bool = True) -> None:
        """
        Args:
            timezone: IANA name (`Europe/Helsinki`) of the local time of its conditions;
                default: that of the daemon's host.
            as_default: declarations that name no session go to this one from now on; the
                first one takes over those that were made before it.

        Raises:
            PolicyError: nobody knows a zone of that name.
        """
        self.tasks: dict[str, TaskDefinition] = {}
        self.parameters: dict[str, Any] = {}
        self.hooks = Hooks()
        self.loaders: list[LoaderInfo] = []
        self.faults: list[Fault] = []
        self.timezone = None if timezone is None else read_timezone(timezone, "session")
        waiting = become_default(self) if as_default else None
        if waiting is not None:
            self._take_over(waiting)

    def _take_over(self, other: Session) -> None:
        """What was declared before there was a session is this one's."""
        self.tasks.update(other.tasks)
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
        start_cond: str | Condition | None = None,
        end_cond: str | Condition | None = None,
        **options: Any,
    ) -> Callable[[Callable[..., Any]], TaskDefinition]: ...

    def task(
        self,
        target: Callable[..., Any] | None = None,
        *,
        name: str | None = None,
        lane: str | None = None,
        fresh: bool = False,
        start_cond: str | Condition | None = None,
        end_cond: str | Condition | None = None,
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
                submitted, until `rtctl enable`).
                And its policies: `timeout`, `stop_grace`, `retries`, `backoff`,
                `backoff_cap`, `jitter`, `retry_on`, `no_retry_on`, `on_lost`,
                `max_concurrency`, `memory_limit`, `cpu_time_limit`, `queue`, `priority`,
                `expires`; see
                `rtd.model.policy.Policies`. Durations are seconds or text (`"2 hours"`),
                sizes bytes or text (`"512M"`).

        Raises:
            PolicyError: a name that is taken, an unknown policy, a bad value, a limit
                that the lane cannot enforce, or a condition that cannot be read (says
                where).
        """

        def declare(function: Callable[..., Any]) -> TaskDefinition:
            given = {**options, "start_cond": start_cond, "end_cond": end_cond}
            if self.timezone is not None:
                given.setdefault("timezone", self.timezone)
            task = define(function, name=name, lane=lane, fresh=fresh, options=given)
            if task.name in self.tasks:
                first = self.tasks[task.name].info.source
                raise PolicyError(f"task {task.name!r} exists already (declared in {first})")
            self.tasks[task.name] = task
            return task

        return declare if target is None else declare(target)

    def manifest(self, app: str | None = None) -> Manifest:
        """The session as plain data, for the supervisor."""
        info = AppInfo(
            hooks=self.hooks.counts(), loaders=tuple(self.loaders), faults=tuple(self.faults)
        )
        return Manifest.of(app, [task.info for task in self.tasks.values()], info)

    def start(self) -> None:
        """Be the daemon of this app in the foreground, as `rtd run` is; returns when it has ended.

        Ctrl-C ends it in order, a second one at once. Put it under
        `if __name__ == "__main__":`, since the daemon imports the file again.

        Raises:
            AppError: rtd itself is importing the app, or the session is in no file.
            SystemExit: the daemon failed (it has said why), with its exit code.
        """
        from rtd.session import starting  # lazy: only a program that starts a daemon needs it

        starting.start(self)
