"""rtd itself: embedded Redis, results and outcomes stored, leases acknowledged after the run."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import ClassVar

from benchmarks import marks, rtd_daemon
from benchmarks.sides.contract import WAITING_AT_ONCE, Command
from rtctl import Client

_TASK = "noop_fresh" if os.environ.get("BENCH_POOL") == "fresh" else "noop"
_KIND = os.environ.get("BENCH_POOL", "")
_PLACES = rtd_daemon.places(marks.SCRATCH)


def _daemon(app: Path = rtd_daemon.APP, **variables: int) -> list[Command]:
    environ = {**_PLACES, **variables}
    command = [*rtd_daemon.COMMAND[:-1], str(app)]
    return [["env", *(f"{name}={value}" for name, value in environ.items()), *command]]


def _lane(name: str) -> list[Command]:
    """One executor of a lane, for many runs at once."""
    setting = f"RTD_LANES_{name.upper()}"
    limits = {f"{setting}_MAX": 1, f"{setting}_CONCURRENCY": WAITING_AT_ONCE}
    return _daemon(rtd_daemon.APP.with_name("rtd_waits.py"), **limits)


class Side:
    pools: ClassVar[dict[str, list[Command]]] = {"process lane": _daemon(), "fresh": _daemon()}
    best: ClassVar[str] = "process lane"
    batch: ClassVar[str] = "submit_many"
    gated: ClassVar[bool] = True
    waiting: ClassVar[dict[str, list[Command]]] = {
        "greenlets": _lane("greenlet"),
        "coroutines": _lane("async"),
    }

    def __init__(self) -> None:
        self._client = Client(rtd_daemon.control_socket(marks.SCRATCH))

    def wait_ready(self, timeout_s: float) -> None:
        rtd_daemon.wait_ready({**os.environ, **_PLACES}, timeout_s)

    def close_gate(self) -> None:
        self._client.pause_queue("default")

    def open_gate(self) -> None:
        self._client.resume_queue("default")

    def submit_each(self, count: int) -> None:
        for _ in range(count):
            self._client.submit(_TASK)

    def submit_batch(self, count: int) -> None:
        self._client.submit_many(_TASK, [{}] * count)

    def submit_waits(self, count: int, seconds: float) -> None:
        self._client.submit_many(_KIND, [{"seconds": seconds}] * count)

    def submit_stamp(self) -> None:
        self._client.submit("stamp", sent_ns=time.monotonic_ns())

    def unfinished(self, submitted: int) -> int:
        left = sum(row["queued"] + row["running"] for row in self._client.queues())
        if left:
            return left
        # Nothing waits and nothing runs: now every run must have a stored outcome.
        return submitted - int(self._client.info()["tally"].get("succeeded", 0))

    def close(self) -> None:
        self._client.close()
