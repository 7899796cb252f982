"""Reads both streams of events for one client, at the client's pace."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from rtd.model.events.event_cursor import OLDEST, EventCursor, before_ms, is_entry_like
from rtd.model.events.event_views import cursor_behind, cut_page, merge_entries
from rtd.store.events.event_commands import EventPage, StreamPlace
from rtd.supervisor.events.event_source import EventSource

#: Entries of each stream that are read at once; one entry may hold many events.
PAGE: Final = 50
PlacedEvent = tuple[EventCursor, dict[str, Any]]
Turn = Callable[[], AbstractAsyncContextManager[None]]


class EventReader:
    """A place in the streams, which moves on.

    Args:
        source: reads them.
        cursor: behind it the first events are read; None: `read_newest` finds it.
        turn: taken for each read, since a page may be large.

    Attributes:
        gap: events behind the cursor were gone already; the reader of it sets it back.
    """

    def __init__(self, source: EventSource, cursor: EventCursor | None, turn: Turn) -> None:
        self._source = source
        self._turn = turn
        self._from_start = cursor is not None and not cursor.is_pair and cursor.own == OLDEST
        self.cursor = cursor
        self.gap = False

    async def read_newest(self, limit: int) -> list[PlacedEvent]:
        """Return the events of the newest entries of each stream, and move behind them."""
        async with self._turn():
            page: EventPage = await self._source.execute(
                self._source.commands.newest_events(limit + 1)
            )
        # The one more of each is the place before them.
        parts = (page.own, page.users)
        before = [one[0][0] if len(one) > limit else OLDEST for one in parts]
        start = EventCursor(before[0], before[1])
        own, users = (one[-limit:] for one in parts)
        self.cursor = cursor_behind(own, users, start)
        return list(merge_entries(own, users, start))

    async def read_page(self) -> tuple[list[PlacedEvent], EventCursor] | None:
        """Return the next events and the cursor behind all that was read; None: no more are there.

        The place stays: `move` moves it on.
        """
        cursor = await self._resolved()
        own, users = self._place(cursor.own, cursor.taken), self._place(cursor.users)
        async with self._turn():
            page: EventPage = await self._source.execute(
                self._source.commands.read_events(own, users, PAGE)
            )
        self.gap = self.gap or page.gap
        cursor = self.cursor = _known(cursor, page.before)
        if not page.own and not page.users:
            return None
        entries = cut_page(page.own, page.users, PAGE)
        return list(merge_entries(*entries, cursor)), cursor_behind(*entries, cursor)

    async def has_gap(self) -> bool:
        """Return whether events behind the cursor are gone."""
        await self.read_page()
        return self.gap

    def move(self, cursor: EventCursor) -> None:
        """Move behind an event, or behind all that was read."""
        self.cursor = cursor

    def _place(self, entry: str, taken: int = 0) -> StreamPlace:
        is_start = self._from_start and entry == OLDEST
        return StreamPlace(entry, taken, is_entry_like(entry), is_start)

    async def _resolved(self) -> EventCursor:
        """Return the cursor as a pair. The id of one entry alone is a place in its own stream; in
        the other one all of that millisecond is read, so that nothing is left out."""
        cursor = self.cursor
        assert cursor is not None
        if not cursor.is_pair and is_entry_like(cursor.own):
            commands, early = self._source.commands, before_ms(cursor.own)
            own, users = await self._source.connection.execute_all(*commands.has_event(cursor.own))
            if cursor.taken:
                own, users = True, False
            cursor = cursor._replace(
                own=cursor.own if own and not users else early,
                users=cursor.users if users and not own else early,
            )
        self.cursor = cursor = cursor._replace(is_pair=True)
        return cursor


def _known(cursor: EventCursor, before: tuple[str, str]) -> EventCursor:
    """Return the cursor with the ids of the entries at its places or before them, so that an event
    has one id, wherever its reader has begun. An id that is gone stays."""
    found = [
        known or (entry if is_entry_like(entry) else OLDEST)
        for known, entry in zip(before, (cursor.own, cursor.users), strict=True)
    ]
    return cursor._replace(own=cursor.own if cursor.taken else found[0], users=found[1])
