"""Short ways to make the views in which conditions are evaluated."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from rtd.conditions import View, parse

Log = Iterable[tuple[str, str]]
Logs = Mapping[str, Log] | None


def at(text: str) -> datetime:
    """A naive datetime; of a bare time, that of Monday 2024-01-15."""
    return datetime.fromisoformat(text if "-" in text else f"2024-01-15 {text}")


def view(now: str, mine: Log = (), others: Logs = None, /, **more: Any) -> View:
    """The view of the task `me` at a local time."""
    logs = {**(others or {}), "me": mine}
    history = {name: [(action, at(when)) for action, when in log] for name, log in logs.items()}
    return View(at(now), "me", history, **more)


def holds(text: str, now: str, mine: Log = (), others: Logs = None, /, **more: Any) -> bool:
    return parse(text).check(view(now, mine, others, **more))


def change(text: str, now: str, mine: Log = (), others: Logs = None, /, **more: Any) -> str:
    """The next change, `-` for none."""
    found = parse(text).next_change(view(now, mine, others, **more))
    return "-" if found is None else found.isoformat(" ")
