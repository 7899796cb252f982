"""Rows of runs whose records cannot be read: another program, or a later version, wrote them."""

from collections.abc import Callable
from typing import Any, Final

from rtd.model.run_states import STATE_BY_CHAR, RunState

RunRow = dict[str, Any]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _or_none(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or check(value)


#: Of the values that come from the record as they are.
_CHECKS: Final[dict[str, Callable[[Any], bool]]] = {
    "task": _is_text,
    "queue": _is_text,
    "lane": _is_text,
    "priority": _is_number,
    "labels": lambda value: isinstance(value, list) and all(map(_is_text, value)),
    "key": _or_none(_is_text),
    "submitted_at": _is_number,
    "started_at": _or_none(_is_number),
    "ended_at": _or_none(_is_number),
    "by": _or_none(_is_text),
    "why": _or_none(_is_text),
    "exit": _or_none(lambda value: isinstance(value, list)),
    "cpu_s": _is_number,
    "peak_bytes": _is_number,
}


def row_fault(row: RunRow, run_id: str) -> str | None:
    """Return what is wrong with a row that was made of a record; None: nothing."""
    if row["id"] != run_id:
        return "it is that of another run"
    return next((f"its {name} is wrong" for name, ok in _CHECKS.items() if not ok(row[name])), None)


def bad_record_row(run_id: str, blob: bytes, fault: str) -> RunRow:
    """Return the row of a run whose record cannot be read."""
    state = STATE_BY_CHAR.get(chr(blob[0]), RunState.LOST) if blob else RunState.LOST
    return {
        "id": run_id, "task": "?", "state": str(state), "queue": "?", "lane": "?", "priority": 0,
        "text": "(a record that cannot be read)", "labels": [], "key": None, "submitted_at": 0.0,
        "due_at": None, "started_at": None, "ended_at": None, "attempt": 0, "attempts": 0,
        "by": None, "why": f"its record cannot be read: {fault}"[:300], "progress": None,
        "exit": None, "cpu_s": 0.0, "peak_bytes": 0, "pid": None,
    }  # fmt: skip
