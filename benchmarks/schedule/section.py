"""The measurements of the section `schedule`, for the plan: which sizes, of whom, how often."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from functools import partial

from benchmarks.case import CaseFailed
from benchmarks.environments import ROOT, python_of
from benchmarks.results import SCHEDULERS
from benchmarks.schedule import meter, rtd_side
from benchmarks.schedule.meter import Figures

PEERS = SCHEDULERS
"""Each has an environment of its own name."""
SIZES = (100, 1000, 5000)
OUR_SIZES = (*SIZES, 100_000)
FIRED = 1000
IDLE_S = 10.0
LONG_IDLE_S = 60.0
AHEAD_S = 5.0
TIMEOUT_S = 300.0
_MODES = {"rocketry": ("fire", "event"), "apscheduler": ("fire", "spread")}

Measurement = tuple[str, Callable[[], Figures]]
"""What to tell while it runs, and the work."""


def of_peer(name: str, quick: bool) -> Iterator[Measurement]:
    """Plan idle at each size, and firing."""
    for size in SIZES[: 2 if quick else None]:
        work = partial(_ask, name, "idle", size, 3.0 if quick else IDLE_S)
        yield f"idle {size}", partial(_sized, size, work)
    for mode in _MODES[name]:
        yield f"{mode} {FIRED}", partial(_ask, name, mode, FIRED, AHEAD_S)


def of_rtd(quick: bool) -> Iterator[Measurement]:
    """Plan the same, also with 100,000 and with no tasks; these give the cost of one task."""
    without: Figures = {}
    for size in (0, *OUR_SIZES[: 2 if quick else None]):
        long = size == OUR_SIZES[-1]
        seconds = 3.0 if quick else LONG_IDLE_S if long else IDLE_S
        yield f"idle {size}", partial(_sized, size, partial(_idle, size, seconds, without))
    for mode in (rtd_side.fire, rtd_side.spread, rtd_side.event):
        yield f"{mode.__name__} {FIRED}", partial(mode, FIRED)
    yield f"the machine itself {FIRED}", partial(meter.floor, FIRED)


def _idle(size: int, seconds: float, without: Figures) -> Figures:
    """Measure rtd with so many tasks; `without` holds the figures for none."""
    figures = rtd_side.idle(size, seconds)
    if not size:
        without.update(figures)
    elif without and size >= SIZES[-1]:  # with fewer tasks the tree's own variation is larger
        figures["task_bytes"] = (figures["pss_bytes"] - without["pss_bytes"]) / size
    return figures


def _sized(size: int, work: Callable[[], Figures]) -> Figures:
    """Return the figures with their size in their names, and the CPU of one idle task."""
    figures = work()
    if size:
        figures["task_ns_per_s"] = figures["cpu_percent"] * 1e7 / size
    return {f"{name}_{size}": value for name, value in figures.items()}


def _ask(name: str, mode: str, tasks: int, seconds: float) -> Figures:
    """Let a peer measure itself. Raises CaseFailed."""
    words = [mode, str(tasks), str(seconds)]
    command = [str(python_of(name)), "-m", f"benchmarks.schedule.{name}_side", *words]
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "TZ": "UTC"}
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environ,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CaseFailed(f"{name} {mode}: not finished after {TIMEOUT_S:.0f} s") from None
    if done.returncode != 0 or not done.stdout.strip():
        raise CaseFailed(f"{name} {mode} {tasks}: {done.stderr.strip()[-2000:]}")
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures
