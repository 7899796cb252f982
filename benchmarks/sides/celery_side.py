"""Celery: Redis broker and result backend, late acknowledgement, JSON."""

# The peers live in an environment of their own, which mypy does not see.
# mypy: disable-error-code="import-not-found,untyped-decorator"

from __future__ import annotations

import time
from typing import ClassVar

from celery import Celery

from benchmarks import marks
from benchmarks.sides.contract import (
    REDIS_SOCKET,
    WAITING_AT_ONCE,
    Command,
    Ungated,
    redis_client,
    tool,
)

app = Celery(
    "bench",
    broker=f"redis+socket://{REDIS_SOCKET}?virtual_host=0",
    backend=f"redis+socket://{REDIS_SOCKET}?virtual_host=1",
)
app.conf.update(
    task_acks_late=True,
    worker_prefetch_multiplier=64,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
    # By default 10, and a run of many at once that finds none is lost: it cannot acknowledge.
    # One result backend for all (`result_backend_thread_safe`) would be faster with gevent, but
    # with 500 at once some runs never get an outcome.
    broker_transport_options={"max_connections": WAITING_AT_ONCE + 10},
)


@app.task
def noop() -> None:
    marks.note_first_start()


@app.task
def wait(seconds: float) -> None:
    with marks.counted():
        time.sleep(seconds)


@app.task
def stamp(sent_ns: int) -> None:
    marks.report_latency(sent_ns)


def _worker(name: str, *flags: str) -> Command:
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=ERROR"]
    base = [tool("celery"), "-A", "benchmarks.sides.celery_side:app", "worker"]
    return [*base, "-n", f"{name}@%h", *quiet, *flags]


class Side(Ungated):
    pools: ClassVar[dict[str, list[Command]]] = {
        "prefork 2": [_worker("a", "-P", "prefork", "-c", "2")],
        "prefork 1 x2": [
            _worker("a", "-P", "prefork", "-c", "1"),
            _worker("b", "-P", "prefork", "-c", "1"),
        ],
        "threads 2": [_worker("a", "-P", "threads", "-c", "2")],
        "solo x2": [_worker("a", "-P", "solo"), _worker("b", "-P", "solo")],
        "threads 2 x2": [
            _worker("a", "-P", "threads", "-c", "2"),
            _worker("b", "-P", "threads", "-c", "2"),
        ],
    }
    best: ClassVar[str] = "threads 2 x2"
    waiting: ClassVar[dict[str, list[Command]]] = {
        "greenlets": [_worker("a", "-P", "gevent", "-c", str(WAITING_AT_ONCE))],
    }
    batch: ClassVar[str] = "loop, one held producer"

    def __init__(self) -> None:
        self._results = redis_client(db=1)
        self._producer = app.amqp.Producer(app.connection_for_write(), auto_declare=False)

    def submit_each(self, count: int) -> None:
        for _ in range(count):
            noop.delay()

    def submit_batch(self, count: int) -> None:
        for _ in range(count):
            noop.apply_async(producer=self._producer)

    def submit_waits(self, count: int, seconds: float) -> None:
        for _ in range(count):
            wait.apply_async((seconds,), producer=self._producer)

    def submit_stamp(self) -> None:
        stamp.delay(time.monotonic_ns())

    def unfinished(self, submitted: int) -> int:
        return submitted - int(self._results.dbsize())

    def close(self) -> None:
        self._results.close()
