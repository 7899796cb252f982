"""rtd itself: embedded Redis, results and outcomes stored, leases acknowledged after the run."""

from __future__ import annotations

import os
import time
from typing import ClassVar

from benchmarks import marks, rtd_daemon
from benchmarks.sides.contract import Command
from rtctl import Client

_CHUNK = 5000
_TASK = "noop_fresh" if os.environ.get("BENCH_POOL") == "fresh" else "noop"


def _daemon() -> list[Command]:
    places = [f"{name}={value}" for name, value in rtd_daemon.places(marks.SCRATCH).items()]
    return [["env", *places, *rtd_daemon.command()]]


class Side:
    pools: ClassVar[dict[str, list[Command]]] = {"process lane": _daemon(), "fresh": _daemon()}
    best: ClassVar[str] = "process lane"
    batch: ClassVar[str] = "submit_many"
    gated: ClassVar[bool] = True

    def __init__(self) -> None:
        self._client: Client | None = None

    @property
    def _rt(self) -> Client:
        if self._client is None:
            self._client = Client(socket=str(rtd_daemon.control_socket(marks.SCRATCH)))
        return self._client

    def wait_ready(self, timeout_s: float) -> None:
        rtd_daemon.wait_ready({**os.environ, **rtd_daemon.places(marks.SCRATCH)}, timeout_s)

    def close_gate(self) -> None:
        self._rt.pause_queue("default")

    def open_gate(self) -> None:
        self._rt.resume_queue("default")

    def submit_each(self, count: int) -> None:
        for _ in range(count):
            self._rt.submit(_TASK)

    def submit_batch(self, count: int) -> None:
        for at in range(0, count, _CHUNK):
            self._rt.submit_many(_TASK, [{}] * min(_CHUNK, count - at))

    def submit_stamp(self) -> None:
        self._rt.submit("stamp", sent_ns=time.monotonic_ns())

    def unfinished(self, submitted: int) -> int:
        return sum(int(row["queued"]) + int(row["running"]) for row in self._rt.queues())

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
