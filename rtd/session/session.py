"""A session holds an app's tasks."""

from collections.abc import Callable
from typing import Any, overload

from rtd.model.errors import PolicyError
from rtd.model.manifest import Manifest
from rtd.session.task import TaskDefinition, define


class Session:
    """The tasks of one app.

    ```python
    session = Session()

    @session.task(timeout="2 hours", retries=3)
    def report(day): ...
    ```
    """

    def __init__(self) -> None:
        self.tasks: dict[str, TaskDefinition] = {}

    @overload
    def task(self, target: Callable[..., Any], /) -> TaskDefinition: ...

    @overload
    def task(
        self,
        *,
        name: str | None = None,
        lane: str | None = None,
        fresh: bool = False,
        **policies: Any,
    ) -> Callable[[Callable[..., Any]], TaskDefinition]: ...

    def task(
        self,
        target: Callable[..., Any] | None = None,
        *,
        name: str | None = None,
        lane: str | None = None,
        fresh: bool = False,
        **policies: Any,
    ) -> Any:
        """Declare a function, a coroutine function or a class with `start` as a task.

        Args:
            name: what the task is called; default: the function's own name.
            lane: `process` (default), `thread`, `main`, or `async` (default for
                `async def`).
            fresh: give every run a newly forked process of its own.
            policies: `timeout`, `stop_grace`, `retries`, `backoff`, `backoff_cap`, `jitter`,
                `retry_on`, `no_retry_on`, `on_lost`, `max_concurrency`, `memory_limit`,
                `cpu_time_limit`, `queue`, `priority`, `expires`; see
                `rtd.model.policy.Policies`. Durations are seconds or text (`"2 hours"`),
                sizes bytes or text (`"512M"`).

        Raises:
            PolicyError: a name that is taken, an unknown policy, a bad value, or a limit
                that the lane cannot enforce.
        """

        def declare(function: Callable[..., Any]) -> TaskDefinition:
            task = define(function, name=name, lane=lane, fresh=fresh, options=policies)
            if task.name in self.tasks:
                first = self.tasks[task.name].info.source
                raise PolicyError(f"task {task.name!r} exists already (declared in {first})")
            self.tasks[task.name] = task
            return task

        return declare if target is None else declare(target)

    def manifest(self, app: str | None = None) -> Manifest:
        """The session as plain data, for the supervisor."""
        return Manifest.of(app, [task.info for task in self.tasks.values()])
