"""`events`: what happens to runs and queues, as it happens."""

import re
from collections.abc import Sequence
from typing import Any, Final

import msgpack

from rtd.common.errors import BadRequest, StoreGone
from rtd.model.run_states import BY_CHAR
from rtd.rpc.core.request import Ask
from rtd.rpc.core.resolve_target import resolve

LIMIT_MAX: Final = 10_000
#: Entries read at once; one entry may hold many events.
PAGE: Final = 50
_ID: Final = re.compile(r"([0-9]{1,20})-([0-9]{1,20})")
_ID_PART_MAX: Final = 2**64 - 1

Entry = tuple[str, bytes]


async def handle(ask: Ask) -> dict[str, Any]:
    """Past events, then with `follow` those that come, until the client goes."""
    params = ask.params
    if not 0 <= params["limit"] <= LIMIT_MAX:
        raise BadRequest(f"events: limit must be 0 to {LIMIT_MAX}, not {params['limit']}")
    _check_id(params["since"])
    run_id = await resolve(ask.core, params["run"]) if params["run"] else None
    stream = _Stream(ask, run_id)
    if not params["follow"]:
        await stream.past()
        return {"last": stream.last}
    async with ask.node.tail.follow() as grown:
        await stream.past()
        while True:
            grown.clear()
            try:
                await stream.new()
            except StoreGone:
                await ask.core.redis_back()
                continue
            await grown.wait()


def _check_id(since: str | None) -> None:
    """Refuse what is no event's id; Redis would, in its own words."""
    if since is None:
        return
    found = _ID.fullmatch(since)
    if found is None or max(map(int, found.groups())) > _ID_PART_MAX:
        raise BadRequest(f"events: since: {since!r:.60} is no event's id such as 1769846400000-0")


class _Stream:
    """One client's way through the stream."""

    def __init__(self, ask: Ask, run_id: str | None) -> None:
        self._ask = ask
        self._run_id = run_id
        self._task: str | None = ask.params["task"]
        self.last: str | None = ask.params["since"]

    async def past(self) -> None:
        """After `since`, or the last `limit`; a follower without `since` begins now."""
        core, limit = self._ask.core, self._ask.params["limit"]
        if self.last is not None:
            await self._read_on(limit)
            return
        entries: list[Entry] = await core.ask(core.calls.last_events(max(1, limit)))
        self.last = entries[0][0] if entries else "0-0"
        if not self._ask.params["follow"]:
            await self._send(self._newest(entries, limit))

    async def new(self) -> None:
        """Everything that has come since the last call."""
        await self._read_on(None)

    async def _read_on(self, limit: int | None) -> None:
        core, sent = self._ask.core, 0
        while limit is None or sent < limit:
            entries: list[Entry] = await core.ask(core.calls.events_since(self.last or "0", PAGE))
            if not entries:
                return
            for entry in entries:
                events = self._wanted([entry])
                sent += len(events)
                await self._send(events)
                self.last = entry[0]
                if limit is not None and sent >= limit:
                    return

    def _newest(self, entries: Sequence[Entry], limit: int) -> list[dict[str, Any]]:
        """The last `limit` events of entries that come newest first."""
        found = self._wanted(list(reversed(entries)))
        return found[-limit:] if limit else []

    def _wanted(self, entries: Sequence[Entry]) -> list[dict[str, Any]]:
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
        for event in events:
            await self._ask.send("event", **event)


def _state_name(stored: str | None) -> str | None:
    """The state of an entry, which executors write as one character."""
    return None if stored is None else str(BY_CHAR.get(stored, stored))
