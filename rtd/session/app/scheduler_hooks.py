"""The scheduler as an app's hooks see it, and the decorators that register them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from rtd.session.core.default_session import register_hook
from rtd.session.session import Session
from rtd.session.tasks.task import Task

F = TypeVar("F", bound=Callable[..., Any])


class Scheduler:
    """The argument of the scheduler's hooks.

    ```python
    @Scheduler.hook_startup
    def connect(scheduler): ...
    ```

    A hook is a function, or a generator function with one `yield`: the part before the `yield`
    runs before the start, the cycle or the end, the rest after it.

    Attributes:
        session: the app's.
        n_cycles: the number of cycles since the daemon started.
        startup_time: when the daemon started, in local time.
    """

    def __init__(self, session: Session, n_cycles: int, started_at: float) -> None:
        self.session = session
        self.n_cycles = n_cycles
        self.startup_time = datetime.fromtimestamp(started_at)

    @property
    def tasks(self) -> list[Task]:
        """The session's tasks, those of the highest priority first."""
        return sorted(self.session, key=lambda task: task.priority, reverse=True)

    @staticmethod
    def hook_startup(function: F | None = None) -> Any:
        """Decorator: call the function when the daemon starts, around the tasks of the startup."""
        return register_hook("startup", function)

    @staticmethod
    def hook_cycle(function: F | None = None) -> Any:
        """Decorator: call the function in each cycle, around the custom conditions."""
        return register_hook("cycle", function)

    @staticmethod
    def hook_shutdown(function: F | None = None) -> Any:
        """Decorator: call the function when the daemon ends, around the tasks of the shutdown."""
        return register_hook("shutdown", function)
