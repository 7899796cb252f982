"""The state of a run in words for people: of a terminated one it is what ended it."""

from __future__ import annotations

_WORDS = {
    "timeout": "timed out", "memory limit": "over limit", "cpu limit": "over limit",
    "end condition": "stopped", "drain": "shut down",
}  # fmt: skip
_CLIENT = "uid "


def end_text(state: str, by: str | None) -> str:
    """Return the state of a run; of a terminated one what ended it: `timed out`, `killed`, ...

    Args:
        by: who or what ended it, as its row says.
    """
    if state != "terminated" or by is None:
        return state
    return "killed" if by.startswith(_CLIENT) else _WORDS.get(by, state)
