"""The events that one client wants: of a daemon, or of a Redis without one."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rtd.common.errors import BadRequest
from rtd.model.events.event_cursor import EventCursor, parse_cursor
from rtd.supervisor.events.event_reader import EventReader, PlacedEvent, Turn
from rtd.supervisor.events.event_source import EventSource

LIMIT_MAX: Final = 10_000
#: Past events without a limit and without a cursor.
NEWEST: Final = 100


class EventStream:
    """A request for events; what it wants is read page by page.

    Without `follow`: the events after `since`, or the last `limit`. With `follow` all after
    `since`, or those that come from now on.

    Args:
        params: of the request, checked.
        run_id: of the run that they name.
        source: reads the streams.
        turn: taken for each read, since a page may be large.

    Raises:
        BadRequest: `limit` or `since` cannot be.
    """

    def __init__(
        self, params: Mapping[str, Any], run_id: str | None, source: EventSource, turn: Turn
    ) -> None:
        limit: int | None = params["limit"]
        if limit is not None and not 0 <= limit <= LIMIT_MAX:
            raise BadRequest(f"events: limit must be 0 to {LIMIT_MAX}, not {limit}")
        since = _cursor_of(params["since"])
        self._follow: bool = params["follow"]
        self._left = None if self._follow else limit
        self._checks_gap = limit == 0 and since is not None and not self._follow
        self._run_id = run_id
        self._task: str | None = params["task"]
        self._types = frozenset(params["type"])
        self._reader = EventReader(source, since, turn)
        self._trimmed = False

    @property
    def answer(self) -> dict[str, Any]:
        """The answer that follows the last event."""
        return {
            "last": str(self._reader.cursor),
            "trimmed": self._trimmed or self._reader.gap,
        }

    async def read_page(self) -> list[dict[str, Any]] | None:
        """Return the next wanted events, perhaps none; None: no more are there, or wanted.

        Raises:
            StoreGone: the place stays, so it may be called again.
        """
        if self._reader.cursor is None:
            return await self._read_newest()
        if self._checks_gap:
            self._checks_gap, self._trimmed = False, await self._reader.has_gap()
        if self._left == 0:
            return None
        page = await self._reader.read_page()
        if page is None:
            return None
        events, behind = page
        wanted = [one for one in events if self._is_wanted(one[1])]
        some = wanted[: self._left]
        if self._left is not None:
            self._left -= len(some)
        parts = self._parts(some)
        self._reader.move(behind if len(some) == len(wanted) else some[-1][0])
        return parts

    async def _read_newest(self) -> list[dict[str, Any]]:
        limit = NEWEST if self._left is None else self._left
        found = await self._reader.read_newest(max(1, limit))
        if self._follow:
            return []
        self._left = 0
        wanted = [one for one in found if self._is_wanted(one[1])]
        return self._parts(wanted[-limit:] if limit else [])

    def _is_wanted(self, event: Mapping[str, Any]) -> bool:
        return (
            self._run_id in (None, event["run"])
            and self._task in (None, event["task"])
            and (not self._types or event["event"] in self._types)
        )

    def _parts(self, events: Sequence[PlacedEvent]) -> list[dict[str, Any]]:
        parts = []
        for cursor, event in events:
            gap, self._reader.gap = self._reader.gap, False
            self._trimmed = self._trimmed or gap
            parts.append({**event, "id": str(cursor), "gap": gap})
        return parts


def _cursor_of(since: str | None) -> EventCursor | None:
    """Refuse a text that is not an event's id; the error of Redis would be less clear."""
    try:
        return None if since is None else parse_cursor(since)
    except ValueError:
        raise BadRequest(
            f"events: since: {since!r:.60} is no event's id such as 1769846400000-0"
        ) from None
