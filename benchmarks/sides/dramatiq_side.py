"""Dramatiq: Redis broker (acknowledges after the run) and Redis results."""

# The peers live in an environment of their own, which mypy does not see.
# mypy: disable-error-code="import-not-found,untyped-decorator"

from __future__ import annotations

import time
from typing import ClassVar

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.results import Results
from dramatiq.results.backends.redis import RedisBackend

from benchmarks import marks
from benchmarks.sides.contract import Command, Ungated, redis_client, redis_url, tool

broker = RedisBroker(url=redis_url())
broker.add_middleware(Results(backend=RedisBackend(url=redis_url(1)), store_results=True))
dramatiq.set_broker(broker)


@dramatiq.actor
def noop() -> None:
    marks.note_first_start()


@dramatiq.actor
def stamp(sent_ns: int) -> None:
    marks.report_latency(sent_ns)


def _workers(processes: int, threads: int, prefetch: int = 0) -> list[Command]:
    how = ["env", f"dramatiq_queue_prefetch={prefetch}"] if prefetch else []
    flags = ["--processes", str(processes), "--threads", str(threads)]
    return [[*how, tool("dramatiq"), "benchmarks.sides.dramatiq_side:broker", *flags]]


class Side(Ungated):
    pools: ClassVar[dict[str, list[Command]]] = {
        "2 processes, 8 threads": _workers(2, 8),
        "2 processes, 16 threads": _workers(2, 16),
        "2 processes, 32 threads": _workers(2, 32),
        "2 processes, 4 threads, prefetch 1000": _workers(2, 4, prefetch=1000),
        "2 processes, 8 threads, prefetch 1000": _workers(2, 8, prefetch=1000),
    }
    best: ClassVar[str] = "2 processes, 4 threads, prefetch 1000"
    batch: ClassVar[str] = "loop"

    def __init__(self) -> None:
        self._results = redis_client(db=1)

    def submit_each(self, count: int) -> None:
        for _ in range(count):
            noop.send()

    def submit_batch(self, count: int) -> None:
        self.submit_each(count)

    def submit_stamp(self) -> None:
        stamp.send(time.monotonic_ns())

    def unfinished(self, submitted: int) -> int:
        return submitted - int(self._results.dbsize())

    def close(self) -> None:
        self._results.close()
