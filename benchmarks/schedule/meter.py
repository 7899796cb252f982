"""Measure the calling process and compute percentiles: the same for every peer."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable
from pathlib import Path

Figures = dict[str, float]


def resident_bytes() -> int:
    """Return the memory that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def over(seconds: float, cycles: Callable[[], int]) -> Figures:
    """Measure the CPU of this process, all threads, while it idles, and of one cycle."""
    cycles_before, used, started = cycles(), time.process_time(), time.monotonic()
    time.sleep(seconds)
    used = time.process_time() - used
    figures = {"cpu_percent": used / (time.monotonic() - started) * 100}
    done = cycles() - cycles_before
    if done:
        figures["cycle_ms"] = used / done * 1000
    return figures


def wait(true: Callable[[], bool], timeout_s: float) -> None:
    """Return when the condition is true. Raises TimeoutError."""
    deadline = time.monotonic() + timeout_s
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not there after {timeout_s:.0f} s")
        time.sleep(0.005)


def lateness(late_s: list[float], name: str) -> Figures:
    """Return the median, the 99th percentile and the maximum, in milliseconds."""
    ordered = sorted(late_s)
    at_99 = min(len(ordered) - 1, int(len(ordered) * 0.99))
    return {
        f"{name}_p50_ms": ordered[len(ordered) // 2] * 1000,
        f"{name}_p99_ms": ordered[at_99] * 1000,
        f"{name}_max_ms": ordered[-1] * 1000,
    }


def floor(moments: int) -> Figures:
    """Measure the lateness of a loop that only sleeps until so many moments, one each millisecond:
    the machine adds this to every other lateness."""
    began = time.monotonic() + 0.01
    late_s = []
    for number in range(moments):
        due = began + number / 1000
        time.sleep(max(0.0, due - time.monotonic()))
        late_s.append(time.monotonic() - due)
    return lateness(late_s, "floor")


def begun(late_s: list[float], name: str) -> Figures:
    """Return the lateness of a peer that reports only the start of a task's body, for both."""
    return {**lateness(late_s, name), **lateness(late_s, f"{name}_start")}


def say(figures: Figures) -> None:
    """Print the answer to the harness: one line of JSON."""
    print(json.dumps(figures), flush=True)
