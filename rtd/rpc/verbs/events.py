"""`events`: the events of runs and queues, as they happen."""

import asyncio
import re
from collections.abc import Sequence
from typing import Any, Final

import msgpack

from rtd.common.errors import BadRequest, StoreGone
from rtd.model.run_states import STATE_BY_CHAR
from rtd.protocol import daemon_verbs
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.resolve_target import resolve_target
from rtd.rpc.core.verb_handlers import handles

LIMIT_MAX: Final = 10_000
#: Entries read at once; one entry may hold many events.
PAGE: Final = 50
_ID: Final = re.compile(r"([0-9]{1,20})-([0-9]{1,20})")
_ID_PART_MAX: Final = 2**64 - 1

StreamEntry = tuple[str, bytes]


@handles(daemon_verbs.EVENTS)
async def handle(request: ClientRequest) -> dict[str, Any]:
    """Send past events, then with `follow` new ones, until the client goes."""
    params = request.params
    if not 0 <= params["limit"] <= LIMIT_MAX:
        raise BadRequest(f"events: limit must be 0 to {LIMIT_MAX}, not {params['limit']}")
    _check_id(params["since"])
    run_id = await resolve_target(request.context, params["run"]) if params["run"] else None
    stream = _EventStream(request, run_id)
    if not params["follow"]:
        await stream.send_past()
        return {"last": stream.last}
    async with request.node.event_tail.follow() as grown:
        await stream.send_past()
        while True:
            grown.clear()
            try:
                await stream.send_new()
            except StoreGone:
                await request.context.wait_redis()
                continue
            await grown.wait()


def _check_id(since: str | None) -> None:
    """Refuse a text that is not an event's id; the error of Redis would be less clear."""
    if since is None:
        return
    match = _ID.fullmatch(since)
    if match is None or max(map(int, match.groups())) > _ID_PART_MAX:
        raise BadRequest(f"events: since: {since!r:.60} is no event's id such as 1769846400000-0")


class _EventStream:
    """Reads the stream of events for one client."""

    def __init__(self, request: ClientRequest, run_id: str | None) -> None:
        self._request = request
        self._run_id = run_id
        self._task: str | None = request.params["task"]
        self.last: str | None = request.params["since"]

    async def send_past(self) -> None:
        """Send the events after `since`, or the last `limit`; with only `follow` none."""
        context, limit = self._request.context, self._request.params["limit"]
        if self.last is not None:
            await self._read_on(limit)
            return
        async with self._request.large_turn():
            entries: list[StreamEntry] = await context.execute(
                context.commands.last_events(max(1, limit))
            )
        self.last = entries[0][0] if entries else "0-0"
        if not self._request.params["follow"]:
            await self._send(self._newest(entries, limit))

    async def send_new(self) -> None:
        """Return the events since the last call."""
        await self._read_on(None)

    async def _read_on(self, limit: int | None) -> None:
        context, sent = self._request.context, 0
        while limit is None or sent < limit:
            async with self._request.large_turn():
                entries: list[StreamEntry] = await context.execute(
                    context.commands.events_since(self.last or "0", PAGE)
                )
            if not entries:
                return
            for entry in entries:
                events = self._wanted([entry])
                sent += len(events)
                await self._send(events)
                self.last = entry[0]
                if limit is not None and sent >= limit:
                    return

    def _newest(self, entries: Sequence[StreamEntry], limit: int) -> list[dict[str, Any]]:
        """Return the last `limit` events of entries that come newest first."""
        found = self._wanted(list(reversed(entries)))
        return found[-limit:] if limit else []

    def _wanted(self, entries: Sequence[StreamEntry]) -> list[dict[str, Any]]:
        found = []
        for entry_id, blob in entries:
            for at, run_id, task, what, state, detail in msgpack.unpackb(blob):
                fits = self._run_id in (None, run_id) and self._task in (None, task)
                if fits:
                    found.append(
                        {"id": entry_id, "at": at, "run": run_id, "task": task, "what": what,
                         "state": _state_name(state), "detail": detail}
                    )  # fmt: skip
        return found

    async def _send(self, events: Sequence[dict[str, Any]]) -> None:
        for count, event in enumerate(events, 1):
            await self._request.send_part("event", **event)
            if count % PAGE == 0:
                await asyncio.sleep(0)  # other clients get their turn


def _state_name(stored: str | None) -> str | None:
    """Return the state of an entry, which executors write as one character."""
    return None if stored is None else str(STATE_BY_CHAR.get(stored, stored))
