"""A process of the app as the app's hooks see it, and the decorators that register them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

from rtd.session.core.default_session import register_hook
from rtd.session.core.session_state import SessionState

F = TypeVar("F", bound=Callable[..., Any])


class Executor:
    """The argument of an executor's hooks.

    ```python
    @Executor.hook_start
    def connect(executor): ...
    ```

    A hook is a function, or a generator function with one `yield`: the part after the `yield` of
    a hook of the start is called at the end.

    Attributes:
        session: the app's.
        lane: the name of the lane whose runs this process carries out; `log` for the process of
            the task log.
        id: of the executor. In lane `fresh` the process of a run has that of its executor.
        pid: of this process.
    """

    def __init__(self, session: SessionState, lane: str, exec_id: str) -> None:
        self.session = session
        self.lane = lane
        self.id = exec_id
        self.pid = os.getpid()

    @staticmethod
    def hook_start(function: F | None = None) -> Any:
        """Decorator: call the function in each process that carries out code of the app, before
        its first run."""
        return register_hook("start", function)

    @staticmethod
    def hook_stop(function: F | None = None) -> Any:
        """Decorator: call the function in each such process after its last run, before it ends."""
        return register_hook("stop", function)
