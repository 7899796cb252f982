"""Refuses an argument that is no number. Imported by `rtctl ls`: it stays cheap."""

from __future__ import annotations

from rtd.common.errors import BadRequest
from rtd.common.text_of import show_value


def check_number(name: str, value: object) -> None:
    """Raise BadRequest for an argument that is neither a number nor None."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise BadRequest(f"{name} must be a number or None, not {show_value(value)}")
