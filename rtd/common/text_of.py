"""The text of a value of the app, also of a subclass that prints as something else."""

from __future__ import annotations


def text_of(value: object) -> str:
    """Return the text of a value: of an enum's member its value, not its name."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return int.__repr__(value)
    if isinstance(value, float):
        return float.__repr__(value)
    return str(value)
