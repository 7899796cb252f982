"""Which events a program wants."""

from __future__ import annotations

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
    """Return the parameters of a request for these events."""
    names = only.get("type", ())
    return {**only, "type": [names] if isinstance(names, str) else list(names)}
