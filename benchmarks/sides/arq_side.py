"""arq: results kept; a job leaves the queue only when its result is stored."""

# The peers live in an environment of their own, which mypy does not see.
# mypy: disable-error-code="import-not-found,untyped-decorator"

from __future__ import annotations

import asyncio
import os
import time
from typing import Any, ClassVar

import uvloop
from arq import create_pool
from arq.connections import RedisSettings

from benchmarks import marks
from benchmarks.sides.contract import (
    REDIS_SOCKET,
    WAITING_AT_ONCE,
    Command,
    Ungated,
    redis_client,
    tool,
)

_CHUNK = 50
_SETTINGS = RedisSettings(unix_socket_path=REDIS_SOCKET)

if "arq" in os.environ.get("BENCH_UVLOOP", ""):
    uvloop.install()


async def noop(ctx: dict[Any, Any]) -> None:
    marks.note_first_start()


async def wait(ctx: dict[Any, Any], seconds: float) -> None:
    with marks.counted():
        await asyncio.sleep(seconds)


async def stamp(ctx: dict[Any, Any], sent_ns: int) -> None:
    marks.report_latency(sent_ns)


class WorkerSettings:
    functions = (noop, wait, stamp)
    redis_settings = _SETTINGS
    max_jobs = int(os.environ.get("BENCH_ARQ_MAX_JOBS", "10"))
    poll_delay = float(os.environ.get("BENCH_ARQ_POLL_S", "0.5"))
    log_results = False


def _worker(max_jobs: int, poll_s: float) -> Command:
    how = [f"BENCH_ARQ_MAX_JOBS={max_jobs}", f"BENCH_ARQ_POLL_S={poll_s}", "BENCH_UVLOOP=arq"]
    return ["env", *how, tool("arq"), "benchmarks.sides.arq_side.WorkerSettings"]


class Side(Ungated):
    pools: ClassVar[dict[str, list[Command]]] = {
        "2 processes, 100 jobs, poll 5 ms": [_worker(100, 0.005)] * 2,
        "2 processes, 100 jobs, poll 1 ms": [_worker(100, 0.001)] * 2,
        "2 processes, 20 jobs, poll 1 ms": [_worker(20, 0.001)] * 2,
        "2 processes, 1000 jobs, poll 1 ms": [_worker(1000, 0.001)] * 2,
    }
    best: ClassVar[str] = "2 processes, 20 jobs, poll 1 ms"
    waiting: ClassVar[dict[str, list[Command]]] = {"coroutines": [_worker(WAITING_AT_ONCE, 0.001)]}
    batch: ClassVar[str] = "gather of 50"

    def __init__(self) -> None:
        self._redis = redis_client()
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self._pool = self._runner.run(create_pool(_SETTINGS))

    def submit_each(self, count: int) -> None:
        async def loop() -> None:
            for _ in range(count):
                await self._pool.enqueue_job("noop")

        self._runner.run(loop())

    def submit_batch(self, count: int) -> None:
        self._submit(count, "noop")

    def submit_waits(self, count: int, seconds: float) -> None:
        self._submit(count, "wait", seconds)

    def _submit(self, count: int, task: str, *values: float) -> None:
        async def loop() -> None:
            for at in range(0, count, _CHUNK):
                size = min(_CHUNK, count - at)
                await asyncio.gather(*(self._pool.enqueue_job(task, *values) for _ in range(size)))

        self._runner.run(loop())

    def submit_stamp(self) -> None:
        async def one() -> None:
            await self._pool.enqueue_job("stamp", time.monotonic_ns())

        self._runner.run(one())

    def unfinished(self, submitted: int) -> int:
        return int(self._redis.zcard("arq:queue"))

    def close(self) -> None:
        self._runner.run(self._pool.aclose())
        self._runner.close()
        self._redis.close()
