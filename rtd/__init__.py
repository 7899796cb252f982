"""rtd: one supervisor for a team's Python tasks and shell commands.

The names below are loaded when they are first used: a client that imports only
`rtd.protocol` must not pay for what an app needs.
"""

TYPE_CHECKING = False  # `typing` itself would cost every rtctl 6 ms
if TYPE_CHECKING:
    from typing import Any

    from rtd.session import (
        App,
        CurrentRun,
        Error,
        Executor,
        PostponeShutdown,
        Session,
        Skip,
        Stopped,
        Task,
        TaskAborted,
        current_run,
        emit,
        progress,
        unstoppable,
    )
    from rtd.session.settings.schedules import crontab, once_per_day, redis_task, run_every

__all__ = [
    "App",
    "CurrentRun",
    "Error",
    "Executor",
    "PostponeShutdown",
    "Session",
    "Skip",
    "Stopped",
    "Task",
    "TaskAborted",
    "crontab",
    "current_run",
    "emit",
    "once_per_day",
    "progress",
    "redis_task",
    "run_every",
    "unstoppable",
]
#: The names of redis-tasks, which most apps do without.
_OF_REDIS_TASKS = ("crontab", "once_per_day", "redis_task", "run_every")


def __getattr__(name: str) -> "Any":
    if name not in __all__:
        raise AttributeError(f"module 'rtd' has no attribute {name!r}")
    if name in _OF_REDIS_TASKS:
        from rtd.session.settings import schedules  # lazy: they need the language of conditions

        return getattr(schedules, name)
    from rtd import session  # lazy: clients need no session

    return getattr(session, name)


def __dir__() -> "list[str]":
    """Return the public names, also those that are not loaded yet."""
    return sorted({*globals(), *__all__})


del TYPE_CHECKING  # no name of this module but those in `__all__`
