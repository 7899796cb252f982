"""Events that a task emits: their check, their form, and the way to the executor."""

from collections.abc import Callable
from time import time
from typing import Any, Final

from rtd.common.exception_name import type_name
from rtd.common.text_of import show_value
from rtd.common.unstorable_values import key_path, part_path

#: The names of rtd's own events about a run.
LIFE_CYCLE: Final = frozenset(
    {"queued", "started", "progress", "succeeded", "error", "exception", "terminated", "lost"}
    | {"cancelled", "retry", "requeued"}
)
#: Most bytes of an event as JSON.
MAX_EVENT_BYTES: Final = 65_536
_NAME_CHARS: Final = 200
_MOST_DEPTH: Final = 64
#: Receives an event: the id of the run, its task, and the event as a JSON object.
EventSink = Callable[[str, str, bytes], None]


class _UserEvents:
    """Where this process sends events.

    Attributes:
        sink: set in an executor; None elsewhere.
    """

    def __init__(self) -> None:
        self.sink: EventSink | None = None


USER_EVENTS: Final = _UserEvents()


def encode_event(event: str, data: Any, run_id: str, task: str, attempt: int) -> bytes:
    """Return an event as a JSON object: event, data, run, task, attempt, at (epoch seconds).

    Raises:
        TypeError: the name is no text, or the data are not JSON (says which part).
        ValueError: a name that rtd uses itself, or an event that is too large.
    """
    if not isinstance(event, str) or not event:
        raise TypeError(f"emit: the name of an event is a text, not {show_value(event)}")
    if not _is_text(event):
        raise TypeError(f"emit: the name of an event is a text, not {event!r:.80}")
    if event in LIFE_CYCLE:
        raise ValueError(f"emit: {event!r} is the name of an event of rtd's own; choose another")
    if len(event) > _NAME_CHARS:
        raise ValueError(f"emit: a name has at most {_NAME_CHARS} characters, not {len(event)}")
    envelope = {"event": event, "data": data, "run": run_id, "task": task}
    try:
        text = _dumps({**envelope, "attempt": attempt, "at": round(time(), 6)})
    except (TypeError, ValueError, RecursionError):
        raise _no_json(event, data) from None
    blob = text.encode()
    if len(blob) > MAX_EVENT_BYTES:
        raise ValueError(
            f"emit: event {event!r} has {len(blob):,} bytes as JSON, the limit is"
            f" {MAX_EVENT_BYTES:,}: write the data to a file and emit its path"
        )
    return blob


def _dumps(value: Any) -> str:
    import json  # lazy: few tasks emit events, and each zygote would pay for it

    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    if "\\ud" in text:  # a half of a character, such as Python has in names of files, is no text
        json.dumps(value, ensure_ascii=False).encode()
    return text


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _no_json(event: str, data: Any) -> Exception:
    where, fault = _find_fault(data, "data", 0) or ("data", "it contains itself")
    return TypeError(f"emit: event {event!r}: {where} is no JSON value: {fault}")


def _find_fault(value: Any, path: str, depth: int) -> tuple[str, str] | None:
    """Return the path of the first part of a value that JSON cannot hold, and the reason."""
    if depth > _MOST_DEPTH:
        return path[:120] + "...", "nested too deep (or it contains itself)"
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str | int | float | bool | None):
                return key_path(key, path), f"a key of type {type_name(type(key))}"
            if isinstance(key, str) and not _is_text(key):
                return path, f"the key {key!r:.80} is no text that UTF-8 can hold"
        parts = [(part_path(key, path), inner) for key, inner in value.items()]
    elif isinstance(value, list | tuple):
        parts = [(f"{path}[{index}]", inner) for index, inner in enumerate(value)]
    else:
        return _fault_of(value, path)
    found = (_find_fault(inner, inner_path, depth + 1) for inner_path, inner in parts)
    return next(filter(None, found), None)


def _fault_of(value: Any, path: str) -> tuple[str, str] | None:
    try:
        _dumps(value)
    except TypeError:
        return path, f"a value of type {type_name(type(value))}"
    except ValueError as error:
        return path, f"{value!r:.80} ({error})"
    return None
