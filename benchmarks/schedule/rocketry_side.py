"""Rocketry: `python -m benchmarks.schedule.rocketry_side idle|fire|event TASKS SECONDS`.

Its tasks are coroutines in its own process, its cheapest way to start one.
"""

# The peers live in an environment of their own, which mypy does not see.
# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import os
import sys
import threading
import time
import warnings

from benchmarks.schedule import meter, mix

BOOT_S = 180.0
"""How long its first cycle may take."""


class Bench:
    """Run an app of so many tasks in the main thread, and a thread that measures it."""

    def __init__(self) -> None:
        from rocketry import Rocketry  # lazy: its import belongs to the start-up time

        self.app = Rocketry(config={"task_execution": "async"})
        self.started_at: list[float] = []
        self.first_ended_at = 0.0

    def add(self, name: str, condition: str) -> None:
        """Make a task that records when it starts."""

        async def note() -> None:
            self.started_at.append(time.time())

        async def first() -> None:
            self.first_ended_at = time.time()

        self.app.task(condition, name=name)(first if name == mix.FIRST else note)

    def cycles(self) -> int:
        """Return how many cycles the scheduler has done."""
        return int(getattr(self.app.session.scheduler, "n_cycles", 0))


def idle(bench: Bench, tasks: int, seconds: float, began: float) -> meter.Figures:
    """Measure an idle scheduler, and the time until the end of its first cycle."""
    meter.wait(lambda: bench.cycles() >= 1, BOOT_S)
    startup_s = time.monotonic() - began
    return {"startup_s": startup_s, **meter.over(seconds, bench.cycles)}


def main() -> None:
    """Entry point."""
    began = time.monotonic()
    section, tasks, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    warnings.simplefilter("ignore")  # rocketry uses features that newer Pythons warn about
    bench = Bench()
    empty = meter.resident_bytes()
    due_at = mix.due_soon(seconds)
    now = time.time()
    for number in range(tasks):
        after = f"after task '{mix.FIRST}'" if section == "event" else mix.due(due_at)
        bench.add(f"t{number}", mix.idle(number, now) if section == "idle" else after)
    bench.add(mix.FIRST, mix.due(due_at) if section == "event" else "always false")
    memory = (meter.resident_bytes() - empty) / tasks

    def look() -> None:
        if section == "idle":
            figures = idle(bench, tasks, seconds, began)
            meter.say({**figures, "task_bytes": memory})
        else:
            meter.wait(lambda: len(bench.started_at) >= tasks, BOOT_S)
            since = bench.first_ended_at if section == "event" else due_at
            name = "event" if section == "event" else "late"
            meter.say(meter.begun([at - since for at in bench.started_at], name))
        os._exit(0)  # rocketry's own shutdown waits for a whole cycle

    threading.Thread(target=look, daemon=True).start()
    bench.app.run()


if __name__ == "__main__":
    main()
