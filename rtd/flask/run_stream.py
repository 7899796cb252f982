"""The events of a run for a browser: server-sent events, as `EventSource` reads them.

The format is that of the HTML standard, section "Server-sent events".
"""

from __future__ import annotations

import json
import logging
from collections.abc import Generator, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from flask import Response, request

from rtctl.client.run import Run
from rtctl.core.json_values import json_value
from rtd.common.errors import RtdError
from rtd.model.events.event_cursor import parse_cursor
from rtd.model.events.event_views import EMITTED

if TYPE_CHECKING:
    from rtd.flask.eager_run import EagerRun

log: Final = logging.getLogger("rtd.flask")
#: A client that has gone is noticed when something is sent to it: at the latest after so long.
HEARTBEAT_S: Final = 5.0
#: The first wait is short: what happens before rtd knows that there is a listener has no event.
_FIRST_WAIT_S: Final = 1.0
#: Events that are one message at most.
_MOST: Final = 100
#: The clocks of Redis and of the node of a run may differ by so much.
_CLOCKS_S: Final = 60.0
#: So long a browser waits before it connects again.
_RETRY: Final = "retry: 2000\n\n"
#: The id of the last message.
_OVER: Final = "over"
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx hands each message on at once
}


def stream(run: Run | EagerRun) -> Response:
    """Return an answer for `EventSource` that follows a run until it has ended. For a view.

    A message without a name has `run.to_dict()` as JSON: one at once, then one whenever the state
    or the progress has changed. `emit` has what the task emits: `{"event": ..., "data": ...}`, also
    before, as far as rtd still has it. `end` has `run.to_dict()` when the run has ended, and is the
    last; the page then closes its `EventSource`. One that connects again gets what the task has
    emitted meanwhile, and after the end 204, at which it stops.

    While nothing happens a comment is sent every 5 s. The answer occupies a thread of the web
    server (or a worker without threads) until the run has ended, and some seconds after the
    browser has gone.

    Args:
        run: of `apply`, or of `task_worker.client().get(id)`.

    Raises:
        DaemonUnreachable, NoSuchRun: before anything is sent.
    """
    last = request.headers.get("Last-Event-ID", "")
    if last == _OVER:
        return Response(status=204)
    messages: Iterable[str] = (
        _Messages(run, _cursor(last)) if isinstance(run, Run) else _eager_messages(run)
    )
    return Response(messages, mimetype="text/event-stream", headers=_HEADERS)


def _cursor(text: str) -> str | None:
    """Return the id of the last event that a browser has got, if it is one of rtd's."""
    try:
        parse_cursor(text)
    except ValueError:
        return None
    return text


class _Messages:
    """The body of the answer. The web server closes it when the browser has gone."""

    def __init__(self, run: Run, since: str | None) -> None:
        self._run = run
        self._shown = run.to_dict()
        self._events = _Events(run, since or _before(run))
        self._messages = self._generate()

    def __iter__(self) -> Iterator[str]:
        return self._messages

    def close(self) -> None:
        """End the request for events."""
        self._messages.close()
        self._events.close()

    def _generate(self) -> Generator[str]:
        yield _RETRY
        try:
            if not self._shown["ended"]:
                yield _message(self._shown, event_id=self._events.last)
                yield from self._follow()
            yield from map(_emitted, self._events.rest())
        except RtdError as error:  # the browser connects again; the view then gets the error
            log.warning("the events of run %s are interrupted: %s", self._run.id, error.sentence)
            return
        yield _message(self._shown, "end", _OVER)

    def _follow(self) -> Iterator[str]:
        wait_s = _FIRST_WAIT_S
        while not self._shown["ended"]:
            events = self._events.take(wait_s)
            wait_s = min(2 * wait_s, HEARTBEAT_S)
            emitted = [event for event in events if event["what"] == EMITTED]
            yield from map(_emitted, emitted)
            if not events:
                yield ":\n\n"
            elif len(emitted) == len(events):
                continue
            before, self._shown = self._shown, self._run.to_dict()
            if self._shown != before and not self._shown["ended"]:
                yield _message(self._shown, event_id=self._events.last)


class _Events:
    """Reads the events of a run.

    Attributes:
        last: the place behind the last one that was read.
    """

    def __init__(self, run: Run, since: str) -> None:
        self._run = run
        self._parts: Any = None
        self.last = since

    def close(self) -> None:
        """End the request."""
        if self._parts is not None:
            self._parts.close()

    def take(self, seconds: float) -> list[Any]:
        """Return what has happened; wait for the first event so long. Those that are there already
        come at once, so that a hundred reports are one message."""
        if self._parts is None:
            self._parts = self._run.rpc.events(run=self._run.id, follow=True, since=self.last)
        found: list[Any] = []
        while len(found) < _MOST:
            event = self._parts.next_within(0.0 if found else seconds)
            if event is None:
                break
            self.last = event["id"]
            found.append(event)
        return found

    def rest(self) -> list[Any]:
        """Return what the run has emitted until its end, and was not taken."""
        self.close()
        parts = self._run.rpc.events(run=self._run.id, since=self.last)
        return [event for event in parts if event["what"] == EMITTED]


def _before(run: Run) -> str:
    """Return a place before the first event of a run."""
    ms = int((run.row["submitted_at"] - _CLOCKS_S) * 1000)
    return f"{max(ms, 0)}-0"


def _emitted(event: Mapping[str, Any]) -> str:
    body = {"event": event["event"], "data": json_value(event["data"])}
    return _message(body, "emit", event["id"])


def _eager_messages(run: EagerRun) -> Iterator[str]:
    for event in run.emitted:
        yield _emitted({**event._asdict(), "id": ""})
    yield _message(run.to_dict(), "end", _OVER)


def _message(body: dict[str, Any], name: str = "", event_id: str = "") -> str:
    lines = [f"event: {name}"] if name else []
    lines += [f"id: {event_id}"] if event_id else []
    return "\n".join([*lines, f"data: {json.dumps(body)}", "", ""])
