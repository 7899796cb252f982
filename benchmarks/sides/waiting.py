"""The section `waiting`: many runs that only wait, in one process; the time, and the memory."""

from __future__ import annotations

import signal
import time

from benchmarks import marks
from benchmarks.sides.contract import Figures, Side
from benchmarks.sides.workers import Workers

WAIT_S = 1.0
BOOT_S = 60.0
"""How long the workers may take until they have carried out a first run."""
DEADLINE_S = 120.0
"""How long all runs may take."""
LOOK_S = 0.01
WEIGH_S = 0.1
"""Between two looks at the outcomes, and at the memory: these cost a percent of a core."""


def waiting(side: Side, workers: Workers, size: int) -> Figures:
    """Submit runs while none may start, let them start, time until the last outcome is stored.

    The workers are up and have carried out a first run before.
    """
    workers.start()
    if side.gated:
        side.wait_ready(BOOT_S)
    side.submit_waits(1, 0.0)
    _watch(side, workers, 1, BOOT_S)
    before = workers.pss_bytes()
    _hold(side, workers)
    began = time.monotonic()
    side.submit_waits(size, WAIT_S)
    submitted = time.monotonic()
    _let_go(side, workers)
    peak = _watch(side, workers, size + 1, DEADLINE_S)
    ended = time.monotonic()
    at_once = marks.most_at_once()
    return {
        "wall_s": ended - began,
        "runs_s": ended - submitted,
        "at_once": at_once,
        "peak_mib": peak / 2**20,
        "run_kib": (peak - before) / at_once / 1024,
    }


def _hold(side: Side, workers: Workers) -> None:
    """Let no run start: by the gate of the system, or by a stopped process where it has none."""
    if side.gated:
        side.close_gate()
    else:
        workers.send(signal.SIGSTOP)


def _let_go(side: Side, workers: Workers) -> None:
    if side.gated:
        side.open_gate()
    else:
        workers.send(signal.SIGCONT)


def _watch(side: Side, workers: Workers, submitted: int, within_s: float) -> int:
    """Return when all runs have an outcome: the largest memory meanwhile, in bytes.

    Raises:
        TimeoutError: they had none within this time.
    """
    deadline = time.monotonic() + within_s
    largest, weighed = 0, 0.0
    while left := side.unfinished(submitted):
        now = time.monotonic()
        if now > deadline:
            raise TimeoutError(f"{left} of {submitted} runs have no outcome")
        if now - weighed > WEIGH_S:
            workers.check()
            largest, weighed = max(largest, workers.pss_bytes()), now
        time.sleep(LOOK_S)
    return largest
