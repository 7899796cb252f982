"""The client of Redis that tasks share: `self.redis`."""

from collections.abc import Callable
from typing import Any, Final

from rtd.common.stdlib.originals import os


class _TaskRedis:
    """The client of this process.

    Attributes:
        connect: makes one; set in an executor, None elsewhere.
    """

    def __init__(self) -> None:
        self.connect: Callable[[], Any] | None = None
        self._client: Any = None
        self._pid = 0

    def client(self) -> Any:
        """Return the client, made when this process first needs it. Raises LookupError."""
        if self.connect is None:
            raise LookupError("self.redis is there only in a run: this is no process of rtd")
        if self._pid != os.getpid():  # a fork must not share the connections
            self._client, self._pid = self.connect(), os.getpid()
        return self._client


TASK_REDIS: Final = _TaskRedis()
