"""`events`: the events of runs and queues, and those that tasks emit, as they happen."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from rtd.common.errors import BadRequest, StoreGone
from rtd.model.events.event_cursor import EventCursor, parse_cursor
from rtd.protocol import record_verbs
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.resolve_target import resolve_target
from rtd.rpc.core.verb_handlers import handles
from rtd.supervisor.events.event_reader import PAGE, EventReader, PlacedEvent

LIMIT_MAX: Final = 10_000
#: Past events without a limit and without a cursor.
NEWEST: Final = 100


@handles(record_verbs.EVENTS)
async def handle(request: ClientRequest) -> dict[str, Any]:
    """Send past events, then with `follow` new ones, until the client goes."""
    params = request.params
    if params["limit"] is not None and not 0 <= params["limit"] <= LIMIT_MAX:
        raise BadRequest(f"events: limit must be 0 to {LIMIT_MAX}, not {params['limit']}")
    since = _cursor_of(params["since"])
    run_id = await resolve_target(request.context, params["run"]) if params["run"] else None
    stream = _EventStream(request, since, run_id)
    if not params["follow"]:
        await stream.send_past()
        return {"last": str(stream.reader.cursor), "trimmed": stream.trimmed or stream.reader.gap}
    async with request.node.event_tail.follow() as grown:
        sent_past = False
        while True:
            grown.clear()
            try:
                if not sent_past:
                    await stream.send_past()
                    sent_past = True
                await stream.send_new()
            except StoreGone:
                await request.context.wait_redis()
                continue
            await grown.wait()


def _cursor_of(since: str | None) -> EventCursor | None:
    """Refuse a text that is not an event's id; the error of Redis would be less clear."""
    try:
        return None if since is None else parse_cursor(since)
    except ValueError:
        raise BadRequest(
            f"events: since: {since!r:.60} is no event's id such as 1769846400000-0"
        ) from None


class _EventStream:
    """Sends events to one client.

    Attributes:
        trimmed: some events that it wanted were gone already.
    """

    def __init__(
        self, request: ClientRequest, since: EventCursor | None, run_id: str | None
    ) -> None:
        self._request = request
        self._run_id = run_id
        self._task: str | None = request.params["task"]
        self._types = frozenset(request.params["type"])
        self.reader = EventReader(request.context, since, request.large_turn)
        self.trimmed = False

    async def send_past(self) -> None:
        """Send the events after `since`, or the last `limit`; with only `follow` none."""
        limit: int | None = self._request.params["limit"]
        if self.reader.cursor is not None:
            if limit == 0:
                self.trimmed = await self.reader.has_gap()
            await self._read_on(limit)
            return
        limit = NEWEST if limit is None else limit
        found = await self.reader.read_newest(max(1, limit))
        if not self._request.params["follow"] and limit:
            await self._send([one for one in found if self._is_wanted(one[1])][-limit:])

    async def send_new(self) -> None:
        """Send the events since the last call."""
        await self._read_on(None)

    async def _read_on(self, limit: int | None) -> None:
        sent = 0
        while limit is None or sent < limit:
            page = await self.reader.read_page()
            if page is None:
                return
            events, behind = page
            wanted = [one for one in events if self._is_wanted(one[1])]
            some = wanted if limit is None else wanted[: limit - sent]
            await self._send(some)
            sent += len(some)
            if len(some) == len(wanted):
                self.reader.move(behind)

    def _is_wanted(self, event: dict[str, Any]) -> bool:
        return (
            self._run_id in (None, event["run"])
            and self._task in (None, event["task"])
            and (not self._types or event["event"] in self._types)
        )

    async def _send(self, events: Sequence[PlacedEvent]) -> None:
        for count, (cursor, event) in enumerate(events, 1):
            gap, self.reader.gap = self.reader.gap, False
            self.trimmed = self.trimmed or gap
            await self._request.send_part("event", **event, id=str(cursor), gap=gap)
            self.reader.move(cursor)
            if count % PAGE == 0:
                await asyncio.sleep(0)  # other clients get their turn
