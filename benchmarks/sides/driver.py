"""Measure one section of one system and print the figures as one line of JSON.

Run by the harness inside the system's own environment, with ``BENCH_REDIS`` (socket of a fresh
private Redis) and ``BENCH_SCRATCH`` (an empty folder) set. The same code measures every system.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import sys
import time
from collections.abc import Callable

from benchmarks import marks
from benchmarks.sides import waiting
from benchmarks.sides.contract import Figures, Side
from benchmarks.sides.workers import Workers, log_tail

BOOT_S = 60.0
"""How long workers may take until the first run starts."""
DRAIN_S = 300.0
"""How long a whole drain may take."""
LOOK_S = (0.005, 0.25)
"""Between two looks at the number of stored outcomes: a quarter of what the rest is expected to
take, within these bounds, so that looking costs nothing and the end is seen at once."""
WARM_UP = 60
"""Latency samples thrown away, so that every worker has run before."""
GAP_S = (0.003, 0.008)
"""Idle time between two latency samples; random, so as not to march in step with a poller."""


def drain(side: Side, workers: Workers, size: int) -> Figures:
    """Queue ``size`` no-op runs, start the workers, time first start to last stored outcome."""
    if side.gated:
        workers.start()
        side.wait_ready(BOOT_S)
        side.close_gate()
    side.submit_batch(size)
    if side.gated:
        side.open_gate()
    else:
        workers.start()
    seen: list[tuple[int, int]] = []  # (monotonic ns, runs without an outcome)
    deadline = time.monotonic() + BOOT_S + DRAIN_S
    while left := side.unfinished(size):
        if left < size:
            seen.append((time.monotonic_ns(), left))
        if time.monotonic() > deadline:
            raise TimeoutError(f"{left} of {size} runs have no outcome")
        workers.check()
        time.sleep(next_look_s(seen))
    ended_ns = time.monotonic_ns()
    figures = {"runs_per_s": size / ((ended_ns - marks.first_start_ns()) / 1e9)}
    tenth = [(at_ns, left) for at_ns, left in seen if left <= size * 0.9]
    if tenth:
        # Without the start, when perhaps not every worker is up.
        figures["steady_runs_per_s"] = tenth[0][1] / ((ended_ns - tenth[0][0]) / 1e9)
    return figures


def fresh(side: Side, workers: Workers, size: int) -> Figures:
    """Measure as `drain` does, and check that every run had its own process."""
    figures = drain(side, workers, size)
    processes = len(set(marks.PIDS.read_text().split()))
    if processes != size:
        raise RuntimeError(f"{size} runs had {processes} processes, not one each")
    return figures


def next_look_s(seen: list[tuple[int, int]]) -> float:
    """Return how long to wait before the next check of the remaining runs."""
    shortest, longest = LOOK_S
    if len(seen) < 2 or seen[-1][1] >= seen[0][1]:
        return shortest
    (first_ns, first_left), (last_ns, last_left) = seen[0], seen[-1]
    rest_s = last_left * (last_ns - first_ns) / 1e9 / (first_left - last_left)
    return min(longest, max(shortest, rest_s / 4))


def submit(side: Side, workers: Workers, size: int) -> Figures:
    """Time submits one by one, and then in batches; nothing runs meanwhile."""
    if side.gated:
        workers.start()
        side.wait_ready(BOOT_S)
        side.close_gate()
    side.submit_each(20)
    side.submit_batch(100)
    one_s = timed(lambda: side.submit_each(size))
    batch_s = timed(lambda: side.submit_batch(size * 5))
    return {"each_per_s": size / one_s, "batch_per_s": size * 5 / batch_s}


def timed(work: Callable[[], None]) -> float:
    """Return how many seconds ``work`` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def latency(side: Side, workers: Workers, size: int) -> Figures:
    """Time a submit until the task's code starts, workers idle: percentiles of ``size`` samples."""
    stamps = marks.Stamps()
    workers.start()
    side.wait_ready(BOOT_S)
    for n in range(WARM_UP):
        side.submit_stamp()
        stamps.next_us(10 if n else BOOT_S)
    samples = []
    for _ in range(size):
        time.sleep(random.uniform(*GAP_S))
        side.submit_stamp()
        samples.append(stamps.next_us(10))
    stamps.close()
    samples.sort()
    return {
        "p50_us": samples[len(samples) // 2],
        "p99_us": samples[min(len(samples) - 1, int(len(samples) * 0.99))],
    }


SECTIONS: dict[str, Callable[[Side, Workers, int], Figures]] = {
    "drain": drain,
    "submit": submit,
    "latency": latency,
    "fresh": fresh,
    "waiting": waiting.waiting,
}


def main() -> int:
    """Entry point; 0 and one line of JSON, or 1 and a message on stderr."""
    parser = argparse.ArgumentParser(prog="benchmarks.sides.driver")
    parser.add_argument("system")
    parser.add_argument("section", choices=SECTIONS)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--pool", default="")
    args = parser.parse_args()
    os.environ["BENCH_POOL"] = args.pool
    side: Side = importlib.import_module(f"benchmarks.sides.{args.system}_side").Side()
    pool = args.pool or side.best
    workers = Workers((side.waiting if args.section == "waiting" else side.pools)[pool])
    try:
        figures = SECTIONS[args.section](side, workers, args.size)
        side.close()
    except (RuntimeError, TimeoutError, FileNotFoundError) as error:
        print(f"{args.system} ({pool}): {error}\n{log_tail()}", file=sys.stderr)
        return 1
    finally:
        workers.stop()
    print(json.dumps({"pool": pool, "batch": side.batch, **figures}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
