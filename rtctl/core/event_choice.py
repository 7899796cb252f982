"""Which events a program wants."""

from __future__ import annotations

from rtd.common.errors import BadRequest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
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


#: Events in one request, and the most that are given without a `limit` and without a cursor.
PAGE, NEWEST = 10_000, 100


def limit_of(limit: int | None, since: str | None) -> int:
    """Return the limit of one request: without one, all events behind a cursor come in pages."""
    if limit is not None:
        return limit
    return NEWEST if since is None else PAGE


def read_pages(ask: Callable[..., Any], since: str | None, limit: int | None) -> Iterator[Any]:
    """Yield the events of one request or, behind a cursor and without a limit, of several.

    Args:
        ask: sends a request with this `since` and `limit`.
    """
    while True:
        count = 0
        parts = ask(since=since, limit=limit_of(limit, since))
        try:
            for event in parts:
                count, since = count + 1, event["id"]
                yield event
        finally:
            parts.close()
        if limit is not None or count < PAGE:
            return
