"""APScheduler 3: `python -m benchmarks.schedule.apscheduler_side idle|fire|spread TASKS
SECONDS`.

Jobs in memory, a pool of ten threads: its defaults. It has no events of tasks.
"""

# The peers live in an environment of their own, which mypy does not see.
# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime

from benchmarks.schedule import meter, mix

BOOT_S = 180.0


late_s: list[float] = []


def note(due_at: float) -> None:
    """The body of every job: its event of a submitted job comes only after all of a moment."""
    late_s.append(time.time() - due_at)


def main() -> None:
    """Entry point."""
    began = time.monotonic()
    section, tasks, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    from apscheduler.schedulers.background import BackgroundScheduler  # lazy: part of the start
    from apscheduler.triggers.cron import CronTrigger  # lazy: part of the start

    scheduler = BackgroundScheduler(timezone=UTC)
    empty = meter.resident_bytes()
    due_at = mix.due_soon(seconds)
    now = time.time()
    for number in range(tasks):
        if section == "idle":
            trigger = CronTrigger.from_crontab(mix.crontab(number, now), timezone=UTC)
            scheduler.add_job(note, trigger, (0.0,), misfire_grace_time=None)
        else:
            at = due_at + (number / tasks if section == "spread" else 0.0)
            moment = datetime.fromtimestamp(at, UTC)
            scheduler.add_job(note, "date", (at,), run_date=moment, misfire_grace_time=None)
    scheduler.start()
    startup_s = time.monotonic() - began
    memory = (meter.resident_bytes() - empty) / tasks
    if section == "idle":
        figures = meter.over(seconds, lambda: 0)
        meter.say({"startup_s": startup_s, **figures, "task_bytes": memory})
    else:
        meter.wait(lambda: len(late_s) >= tasks, BOOT_S)
        meter.say(meter.begun(late_s, "spread" if section == "spread" else "late"))
    scheduler.shutdown(wait=False)


if __name__ == "__main__":
    main()
