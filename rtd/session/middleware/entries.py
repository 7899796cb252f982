"""One middleware of an app: how it is made and what it has."""

from collections.abc import Callable
from typing import Any, NamedTuple


class MiddlewareEntry(NamedTuple):
    """One middleware of the app.

    Attributes:
        name: as people wrote it, or the qualified name of the class or factory.
        make: makes a new instance, without arguments.
        has_run_task: its instances have a method `run_task`.
        run_task_is_async: that method is a coroutine function.
        has_run_task_async: its instances have a coroutine function `run_task_async`, which is for
            coroutines in the place of `run_task`.
        has_process_outcome: its instances have a method `process_outcome`.
        process_outcome_is_async: that method is a coroutine function.
    """

    name: str
    make: Callable[[], Any]
    has_run_task: bool
    run_task_is_async: bool
    has_process_outcome: bool
    process_outcome_is_async: bool
    has_run_task_async: bool
