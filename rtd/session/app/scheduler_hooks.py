"""The scheduler as hooks of an app see it, and how they are registered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from rtd.session.core.register_hook import register_hook

if TYPE_CHECKING:
    from rtd.session.session import Session
    from rtd.session.tasks.definition import TaskDefinition

F = TypeVar("F", bound=Callable[..., Any])


class Scheduler:
    """What hooks of the scheduler are called with.

    ```python
    @Scheduler.hook_startup
    def connect(scheduler): ...
    ```

    A hook is a function, or a generator function with one `yield`: what stands before it is
    called before the start, the cycle or the end, the rest after it.

    Attributes:
        session: the app's.
        n_cycles: how many cycles there have been since the daemon started.
        startup_time: when it started, in local time.
    """

    def __init__(self, session: Session, n_cycles: int, started_at: float) -> None:
        self.session = session
        self.n_cycles = n_cycles
        self.startup_time = datetime.fromtimestamp(started_at)

    @property
    def tasks(self) -> list[TaskDefinition]:
        """The session's tasks, those of the highest priority first."""
        found = self.session.tasks.values()
        return sorted(found, key=lambda task: task.info.policies.priority, reverse=True)

    @staticmethod
    def hook_startup(function: F | None = None) -> Any:
        """Call it when the daemon starts: around the tasks that run on startup."""
        return register_hook("startup", function)

    @staticmethod
    def hook_cycle(function: F | None = None) -> Any:
        """Call it in each cycle, around the asking of custom conditions."""
        return register_hook("cycle", function)

    @staticmethod
    def hook_shutdown(function: F | None = None) -> Any:
        """Call it when the daemon ends: around the tasks that run on shutdown."""
        return register_hook("shutdown", function)
