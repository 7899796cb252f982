"""Taskiq: a Redis list as the queue (or a stream, which can acknowledge), Redis results."""

# The peers live in an environment of their own, which mypy does not see.
# mypy: disable-error-code="import-not-found,untyped-decorator"

from __future__ import annotations

import asyncio
import os
import time
from typing import ClassVar

import uvloop
from taskiq_redis import ListQueueBroker, RedisAsyncResultBackend, RedisStreamBroker

from benchmarks import marks
from benchmarks.sides.contract import Command, Ungated, redis_client, redis_url, tool

_CHUNK = 50
# The pool decides the broker, since client and workers must agree.
_STREAM = os.environ.get("BENCH_POOL", "").startswith("stream")
_KIND = RedisStreamBroker if _STREAM else ListQueueBroker

broker = _KIND(url=redis_url()).with_result_backend(RedisAsyncResultBackend(redis_url(1)))


@broker.task
async def noop() -> None:
    marks.note_first_start()


@broker.task
async def stamp(sent_ns: int) -> None:
    marks.report_latency(sent_ns)


def _workers(workers: int, tasks: int, prefetch: int) -> Command:
    flags = ["-w", str(workers), "--max-async-tasks", str(tasks), "--max-prefetch", str(prefetch)]
    quiet = ["--log-level", "ERROR", "--no-parse"]
    return [tool("taskiq"), "worker", "benchmarks.sides.taskiq_side:broker", *flags, *quiet]


class Side(Ungated):
    pools: ClassVar[dict[str, list[Command]]] = {
        "list, 2 workers, 100 tasks": [_workers(2, 100, 0)],
        "list, 2 workers, 100 tasks, prefetch 100": [_workers(2, 100, 100)],
        "list, 2 workers, 10 tasks": [_workers(2, 10, 0)],
        "stream, 2 workers, 100 tasks": [_workers(2, 100, 0)],
    }
    best: ClassVar[str] = "stream, 2 workers, 100 tasks"
    batch: ClassVar[str] = "gather of 50"

    def __init__(self) -> None:
        self._results = redis_client(db=1)
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self._runner.run(broker.startup())

    def submit_each(self, count: int) -> None:
        async def loop() -> None:
            for _ in range(count):
                await noop.kiq()

        self._runner.run(loop())

    def submit_batch(self, count: int) -> None:
        async def loop() -> None:
            for at in range(0, count, _CHUNK):
                await asyncio.gather(*(noop.kiq() for _ in range(min(_CHUNK, count - at))))

        self._runner.run(loop())

    def submit_stamp(self) -> None:
        async def one() -> None:
            await stamp.kiq(time.monotonic_ns())

        self._runner.run(one())

    def unfinished(self, submitted: int) -> int:
        return submitted - int(self._results.dbsize())

    def close(self) -> None:
        self._runner.run(broker.shutdown())
        self._runner.close()
        self._results.close()
