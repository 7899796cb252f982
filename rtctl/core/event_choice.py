"""Which events a program wants."""

from __future__ import annotations

from rtd.common.errors import BadRequest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, TypedDict

    class EventChoice(TypedDict, total=False):
        """Only events of this task, of this run (None: of all), and of this name or these names
        (queued, started, succeeded, ..., or of a task's own)."""

        task: str | None
        run: str | None
        type: str | Sequence[str]


def request_of(only: EventChoice) -> dict[str, Any]:
    """Return the parameters of a request for these events. Raises BadRequest."""
    names = only.get("type", ())
    if not isinstance(names, str | list | tuple | set | frozenset):
        raise BadRequest(f"events: type is a name of events or a list of names, not {names!r:.60}")
    return {**only, "type": [names] if isinstance(names, str) else list(names)}
