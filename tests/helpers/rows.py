"""What rtctl says of runs, for tests."""

import json
from typing import Any

from tests.helpers.daemon import Daemon
from tests.helpers.deadline import until


def row_of(daemon: Daemon, run: str) -> dict[str, Any]:
    """The row of a run."""
    row: dict[str, Any] = json.loads(daemon.ok("show", run, "-j"))["row"]
    return row


def submit(daemon: Daemon, *words: str) -> str:
    """The id of a new run."""
    return daemon.ok("submit", *words).strip()


def until_state(daemon: Daemon, run: str, state: str, *, within_s: float = 10.0) -> dict[str, Any]:
    """The row of a run once it is in this state."""

    def found() -> dict[str, Any] | None:
        row = row_of(daemon, run)
        return row if row["state"] == state else None

    row = until(found, within_s=within_s, what=f"{run} is {state}")
    assert row is not None
    return row


def until_output_has(daemon: Daemon, run: str, text: str, *, within_s: float = 10.0) -> str:
    """The output of a run once this text is in it."""

    def found() -> str:
        output = daemon.ok("logs", run)
        return output if text in output else ""

    return until(found, within_s=within_s, what=f"{run} says {text!r}")
