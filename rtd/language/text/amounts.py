"""Amounts: sizes in bytes (`500 MB`, `1.5 GiB`), percents and plain numbers, all exact."""

from __future__ import annotations

import re

from rtd.language.core.errors import ConditionError, TextPart

UNITS = {"B": 1}
for _power, _letter in enumerate("KMGT", 1):
    UNITS[f"{_letter}B"] = 1000**_power
    UNITS[f"{_letter}iB"] = 1024**_power
BY_LOWER = {unit.lower(): unit for unit in UNITS}
SIZE = re.compile(r"(\d{1,15})(?:\.(\d{1,6}))? ?([A-Za-z]*)", re.ASCII)
NUMBER = re.compile(r"(\d{1,9})(?:\.(\d{1,6}))?( ?%)?", re.ASCII)
MILLIONTH = 1_000_000


def parse_size(part: TextPart) -> int:
    """A size in bytes. MB is a million bytes, MiB 2**20; upper or lower case."""
    part = part.stripped()
    match = SIZE.fullmatch(part.text)
    if not match:
        raise part.problem(f"`{part.shown}` is not a size", "500 MB")
    unit = BY_LOWER.get(match[3].lower())
    if unit is None:
        close = f"{match[3][:1].upper()}B" if match[3][:1].upper() in ("K", "M", "G", "T") else "MB"
        number = part.text[: match.start(3)].strip()
        problem = f"which unit? `{part.shown}` ({', '.join(UNITS)})"
        raise part.problem(problem, f"{number} {close}")
    return (
        int(match[1]) * UNITS[unit]
        + int((match[2] or "0").ljust(6, "0")) * UNITS[unit] // MILLIONTH
    )


def format_size(size_bytes: int) -> str:
    """The shortest exact words: `500 MB`."""
    for unit, scale in sorted(UNITS.items(), key=lambda item: -item[1]):
        if size_bytes and size_bytes % scale == 0:
            return f"{size_bytes // scale} {unit}"
    return f"{size_bytes} B"


def parse_number(part: TextPart, percent: bool) -> int:
    """A number in millionths; a percent must have its sign, another must not."""
    part = part.stripped()
    match = NUMBER.fullmatch(part.text)
    if not match:
        raise part.problem(f"`{part.shown}` is not a number", "90 %" if percent else "4")
    number = part.text[: match.start(3)] if match[3] else part.text
    if percent and not match[3]:
        raise part.problem(f"`{part.shown}` of what?", f"{number} %")
    if match[3] and not percent:
        raise part.problem("a load is a number, not a share", number)
    return int(match[1]) * MILLIONTH + int((match[2] or "0").ljust(6, "0"))


def format_number(millionths: int) -> str:
    """`90` or `4.5`."""
    whole, rest = divmod(millionths, MILLIONTH)
    return f"{whole}.{rest:06d}".rstrip("0").rstrip(".") if rest else str(whole)


def millionths(value: float) -> int:
    """A number given by a program. Raises ConditionError for a negative or an absurd one."""
    if not isinstance(value, int | float) or not 0 <= value < 1e9:
        raise ConditionError(f"{value!r} is not a number from 0 to a thousand million")
    return round(value * MILLIONTH)
