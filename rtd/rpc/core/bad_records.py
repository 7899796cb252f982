"""Rows of runs whose records cannot be read: another program, or a later version, wrote them."""

from typing import Any

from rtd.model.run_states import STATE_BY_CHAR, RunState

RunRow = dict[str, Any]


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
