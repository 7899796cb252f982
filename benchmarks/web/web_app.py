"""The served app: two requests that differ only in that one of them queues a no-op run.

The answer to each carries the nanoseconds that its view has spent on queueing.
"""

# Flask is in the environments of the systems; mypy sees only that of rtd.
from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable

from flask import Flask, Response

_SYSTEM = os.environ["BENCH_SYSTEM"]


def _new_app() -> tuple[Flask, Callable[[], object]]:
    """Return the app, and what queues a no-op run of the system in the usual way."""
    if _SYSTEM == "rtd":
        from benchmarks.web import rtd_shop  # lazy: only rtd's environment has it

        return rtd_shop.app, rtd_shop.noop.apply
    side = importlib.import_module(f"benchmarks.sides.{_SYSTEM}_side").Side()
    return Flask("shop"), lambda: side.submit_each(1)


app, queue_run = _new_app()


def _answer(took_ns: int) -> Response:
    return Response(status=202, headers={"Took-Ns": str(took_ns), "Content-Length": "0"})


@app.post("/plain")
def plain() -> Response:
    """Answer without a run."""
    started = time.perf_counter_ns()
    return _answer(time.perf_counter_ns() - started)


@app.post("/apply")
def apply() -> Response:
    """Queue a run and answer."""
    started = time.perf_counter_ns()
    queue_run()
    return _answer(time.perf_counter_ns() - started)


if os.environ.get("BENCH_IMPORT_ALL"):
    # The server changes to a user that may not read these files: import what a request needs.
    app.test_client().post("/apply")
