"""Events of both streams, as clients get them."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgpack

from rtd.model.events.event_cursor import EventCursor, ms_of
from rtd.model.run_states import STATE_BY_CHAR

#: `what` of an event that a task has emitted.
EMITTED: Final = "emitted"
#: An event of rtd that is among those of the tasks, since a run may have many.
PROGRESS: Final = "progress"
_UNREADABLE: Final = (ValueError, TypeError, msgpack.UnpackException)
_Entries = Sequence[tuple[str, bytes]]


class _Placed(NamedTuple):
    """An event with its entry. `taken`: how many events of the entry are over with it, 0: all."""

    entry: str
    taken: int
    event: dict[str, Any]

    @property
    def order(self) -> tuple[int, float]:
        """Its place among the events of the other stream."""
        return ms_of(self.entry), self.event["at"]


def event_name(what: str, state: str | None) -> str:
    """Return the name of an event of rtd: queued, started, succeeded, ..."""
    if what == "finished" and state is not None:
        return state
    return "queued" if what == "submitted" else what


def _view(fields: Sequence[Any]) -> dict[str, Any]:
    """Return an event of rtd from its stored fields; later releases may store more."""
    at, run_id, task, what, stored, detail, attempt, *_ = (*fields, None)
    data = None if what == "submitted" else detail or None
    state = None if stored is None else str(STATE_BY_CHAR.get(stored, stored))
    return {"at": at, "run": run_id, "task": task, "what": what, "state": state, "detail": detail,
            "event": event_name(what, state), "data": data, "attempt": attempt}  # fmt: skip


def _own_events(entries: _Entries, cursor: EventCursor) -> Iterator[_Placed]:
    for entry, blob in entries:
        try:
            views = [_view(fields) for fields in msgpack.unpackb(blob)]
        except _UNREADABLE:  # another program has written it
            continue
        skipped = cursor.taken if entry == cursor.own else 0
        for number, event in enumerate(views[skipped:], skipped + 1):
            yield _Placed(entry, number if number < len(views) else 0, event)


def _user_events(entries: _Entries) -> Iterator[_Placed]:
    for entry, blob in entries:
        try:
            found = _load(blob)
            event = {name: found.get(name) for name in ("run", "task", "event", "data", "attempt")}
            what = PROGRESS if event["event"] == PROGRESS else EMITTED
            at = float(found["at"])
        except (*_UNREADABLE, KeyError, AttributeError):
            continue
        yield _Placed(entry, 0, {"at": at, "what": what, "state": None, "detail": None, **event})


def _load(blob: bytes) -> Any:
    found = json.loads(blob)
    if b"\\ud" in blob.lower():  # another program may have written half of a character
        return json.loads(json.dumps(found, ensure_ascii=False).encode(errors="replace"))
    return found


def merge_entries(
    own: _Entries, users: _Entries, cursor: EventCursor
) -> Iterator[tuple[EventCursor, dict[str, Any]]]:
    """Yield the events of entries of both streams, each with the cursor behind it.

    Each stream keeps its order. Across the streams the time of the entries decides, and within
    one millisecond `at` of the events.
    """
    mine, theirs = _own_events(own, cursor), _user_events(users)
    first, other = next(mine, None), next(theirs, None)
    while first is not None or other is not None:
        if first is None or (other is not None and other.order < first.order):
            assert other is not None
            cursor = cursor._replace(users=other.entry)
            yield cursor, other.event
            other = next(theirs, None)
        else:
            cursor = cursor._replace(own=first.entry, taken=first.taken)
            yield cursor, first.event
            first = next(mine, None)


def cut_page(own: _Entries, users: _Entries, limit: int) -> tuple[_Entries, _Entries]:
    """Return the entries of a page up to where both streams are known: one that has `limit` of
    them may have more before the last of the other."""
    ends = [ms_of(entries[-1][0]) for entries in (own, users) if len(entries) >= limit]
    if not ends:
        return own, users
    known = min(ends)
    return [e for e in own if ms_of(e[0]) <= known], [e for e in users if ms_of(e[0]) <= known]


def cursor_behind(own: _Entries, users: _Entries, cursor: EventCursor) -> EventCursor:
    """Return the cursor behind all of these entries."""
    if own:
        cursor = cursor._replace(own=own[-1][0], taken=0)
    return cursor._replace(users=users[-1][0]) if users else cursor
