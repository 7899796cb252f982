"""RQ: results kept, a fork per job in its usual worker, none in its SimpleWorker."""

# The peers live in an environment of their own, which mypy does not see.
# mypy: disable-error-code="import-not-found,untyped-decorator"

from __future__ import annotations

import time
from typing import ClassVar

from rq import Queue

from benchmarks import marks
from benchmarks.sides.contract import Command, Ungated, redis_client, redis_url, tool

_CHUNK = 1000


def noop() -> None:
    marks.note_first_start()


def stamp(sent_ns: int) -> None:
    marks.report_latency(sent_ns)


def _pool(count: int, worker: str) -> Command:
    where = ["-u", redis_url(), "-n", str(count), "-w", worker, "-q"]
    return [tool("rq"), "worker-pool", "default", *where]


class Side(Ungated):
    pools: ClassVar[dict[str, list[Command]]] = {
        "SimpleWorker x2": [_pool(2, "rq.worker.SimpleWorker")],
        "SimpleWorker x3": [_pool(3, "rq.worker.SimpleWorker")],
        "forking x2": [_pool(2, "rq.worker.Worker")],
        "forking x3": [_pool(3, "rq.worker.Worker")],
        "forking x4": [_pool(4, "rq.worker.Worker")],
    }
    best: ClassVar[str] = "SimpleWorker x3"
    batch: ClassVar[str] = "enqueue_many, pipeline"

    def __init__(self) -> None:
        self._redis = redis_client()
        self._queue = Queue("default", connection=self._redis)

    def submit_each(self, count: int) -> None:
        for _ in range(count):
            self._queue.enqueue(noop)

    def submit_batch(self, count: int) -> None:
        for at in range(0, count, _CHUNK):
            size = min(_CHUNK, count - at)
            self._queue.enqueue_many([Queue.prepare_data(noop) for _ in range(size)])

    def submit_stamp(self) -> None:
        self._queue.enqueue(stamp, time.monotonic_ns())

    def unfinished(self, submitted: int) -> int:
        return submitted - int(self._redis.zcard("rq:finished:default"))

    def close(self) -> None:
        self._redis.close()
