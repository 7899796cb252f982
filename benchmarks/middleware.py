"""The section `middleware`: what three middlewares add to each run of one executor."""

from __future__ import annotations

import shutil
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks import rtd_daemon
from benchmarks.sweep import sweep
from rtctl import Client

RUNS = 10_000
ROUNDS = 5
NAMES = ",".join(f"benchmarks.pass_on.{name}" for name in ("PassOn", "Second", "Third"))
_ONE_EXECUTOR = {"RTD_LANES_PROCESS_MAX": "1", "BENCH_DRAIN": "1"}


def cost_of_three(quick: bool) -> dict[str, float]:
    """Return the microseconds of a no-op run without middleware, and what three of them add.

    Two daemons are measured in turns; of each the quickest round counts.
    """
    runs = RUNS // 5 if quick else RUNS
    folder = Path(tempfile.mkdtemp(prefix="rtd-bench-"))
    try:
        with ExitStack() as stack:
            clients = []
            for name, middleware in (("without", {}), ("with", {"RTD_MIDDLEWARE": NAMES})):
                (folder / name).mkdir()
                variables = {**_ONE_EXECUTOR, **middleware}
                stack.enter_context(rtd_daemon.running(folder / name, variables=variables))
                socket = rtd_daemon.control_socket(folder / name)
                clients.append(stack.enter_context(Client(socket)))
            rounds = [[_drain_us(rt, runs) for rt in clients] for _ in range(ROUNDS)]
            without, three = (min(times) for times in zip(*rounds, strict=True))
            return {"run_us": without, "three_us": three - without}
    finally:
        sweep()
        shutil.rmtree(folder, ignore_errors=True)


def _drain_us(rt: Client, runs: int) -> float:
    """Return the microseconds that each of many runs takes, with all of them queued before."""
    rt.rpc.queue_pause(queues=["default"])
    queued = rt.submit_many("noop", [{}] * runs)
    started = time.perf_counter()
    rt.rpc.queue_resume(queues=["default"])
    rt.wait(queued[-1:], timeout=120)
    elapsed_s = time.perf_counter() - started
    rt.wait(queued, timeout=120)
    return elapsed_s / runs * 1e6
