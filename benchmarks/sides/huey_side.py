"""Huey: blocking Redis storage with results; it has no acknowledgement at all."""

# The peers live in an environment of their own, which mypy does not see.
# mypy: disable-error-code="import-not-found,untyped-decorator"

from __future__ import annotations

import time
from typing import ClassVar

from huey import RedisHuey

from benchmarks import marks
from benchmarks.sides.contract import Command, Ungated, redis_client, redis_url, tool

huey = RedisHuey("bench", url=redis_url(), results=True, store_none=True)


@huey.task()
def noop() -> None:
    marks.note_first_start()


@huey.task()
def stamp(sent_ns: int) -> None:
    marks.report_latency(sent_ns)


def _consumer(kind: str, workers: int) -> Command:
    flags = ["-k", kind, "-w", str(workers), "-n", "-q"]
    return [tool("huey_consumer"), "benchmarks.sides.huey_side.huey", *flags]


class Side(Ungated):
    pools: ClassVar[dict[str, list[Command]]] = {
        "process 2": [_consumer("process", 2)],
        "process 3": [_consumer("process", 3)],
        "process 4": [_consumer("process", 4)],
        "2 x thread 1": [_consumer("thread", 1), _consumer("thread", 1)],
        "2 x thread 2": [_consumer("thread", 2), _consumer("thread", 2)],
    }
    best: ClassVar[str] = "process 3"
    batch: ClassVar[str] = "loop"

    def __init__(self) -> None:
        self._redis = redis_client()
        self._results_key = huey.storage.result_key

    def submit_each(self, count: int) -> None:
        for _ in range(count):
            noop()

    def submit_batch(self, count: int) -> None:
        self.submit_each(count)

    def submit_stamp(self) -> None:
        stamp(time.monotonic_ns())

    def unfinished(self, submitted: int) -> int:
        return submitted - int(self._redis.hlen(self._results_key))

    def close(self) -> None:
        self._redis.close()
