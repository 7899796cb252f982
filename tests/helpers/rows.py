"""Runs as rtctl shows them, by their ids. Waits through the client library, which is cheaper."""

import json
from typing import Any

from tests.helpers.daemon import Daemon
from tests.helpers.deadline import until
from tests.helpers.running import client, until_output


def row_of(daemon: Daemon, run: str) -> dict[str, Any]:
    """Return the row of a run."""
    row: dict[str, Any] = json.loads(daemon.ok("show", run, "-j"))["row"]
    return row


def submit(daemon: Daemon, *words: str) -> str:
    """Submit a run by `rtctl submit`. Returns its id."""
    return daemon.ok("submit", *words).strip()


def until_state(daemon: Daemon, run: str, state: str, *, within_s: float = 10.0) -> dict[str, Any]:
    """Wait until a run is in this state. Returns its row."""
    with client(daemon) as rt:
        found = rt.get(run)
        until(lambda: found.refresh().state == state, within_s=within_s, what=f"{run} is {state}")
    return row_of(daemon, run)


def until_output_has(daemon: Daemon, run: str, text: str) -> str:
    """Wait until a run has written this text. Returns its output."""
    with client(daemon) as rt:
        until_output(rt.get(run), text)
    return daemon.ok("logs", run)
