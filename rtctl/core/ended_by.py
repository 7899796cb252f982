"""What ended a run that is `terminated`, in words for people."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.generated.shapes import Row

_WORDS = {
    "timeout": "timed out", "memory limit": "over limit", "cpu limit": "over limit",
    "end condition": "stopped", "drain": "shut down",
}  # fmt: skip
_CLIENT = "uid "


def end_text(row: Row) -> str:
    """Return the state of a run; of a terminated one what ended it: `timed out`, `killed`, ..."""
    if row["state"] != "terminated":
        return row["state"]
    by = row["by"] or ""
    return "killed" if by.startswith(_CLIENT) else _WORDS.get(by, row["state"])
