"""Where a streamed answer is that follows a run or the events, to go on from there.

A daemon that restarts ends the connection; the runs, and the events, go on without it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class StreamPosition(ABC):
    """The position behind the last part of one answer.

    Args:
        params: of the request.
    """

    def __init__(self, params: Mapping[str, Any]) -> None:
        self._params = dict(params)

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of a request for all that follows."""
        return self._params

    @abstractmethod
    def advance(self, part: Mapping[str, Any]) -> bool:
        """Move behind a part. Returns False for a part that was there before the restart."""


class OutputPosition(StreamPosition):
    """The attempt, and how many of its bytes were there."""

    def advance(self, part: Mapping[str, Any]) -> bool:
        """See the base class."""
        self._params["after"] = [part["attempt"], part["end"]]
        self._params["lines"] = None
        return True


class EventPosition(StreamPosition):
    """The id of the last event. An older daemon gives ids of entries alone; an entry may hold
    several events, which share it."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self._id: str | None = None
        self._count = 0
        self._known = 0

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of a request for all that follows the entry before the last one."""
        self._known = self._count
        return self._params

    def advance(self, part: Mapping[str, Any]) -> bool:
        """See the base class."""
        if "/" in part["id"]:
            self._params["since"] = part["id"]
            return True
        if part["id"] == self._id and self._known > 0:
            self._known -= 1
            return False
        if part["id"] != self._id:
            self._params["since"] = self._params["since"] if self._id is None else self._id
            self._id, self._count, self._known = part["id"], 0, 0
        self._count += 1
        return True


class EndPosition(StreamPosition):
    """The runs that have not ended."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self._left = dict.fromkeys(params["runs"])

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of a request for the runs that are left."""
        return {**self._params, "runs": list(self._left)}

    def advance(self, part: Mapping[str, Any]) -> bool:
        """See the base class."""
        for ended in part["ended"]:
            for name in ended["names"]:
                self._left.pop(name, None)
        return True


def position_of(method: str, params: Mapping[str, Any]) -> StreamPosition | None:
    """Return the position of an answer that has just begun; None: it follows nothing."""
    if method == "collect":
        return EndPosition(params)
    if not params.get("follow"):
        return None
    return OutputPosition(params) if method == "logs" else EventPosition(params)
