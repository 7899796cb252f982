"""rtd: a daemon whose app declares so many tasks with start conditions, idle and firing."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import rtd_daemon, tree
from benchmarks.schedule import meter, mix
from benchmarks.sweep import sweep
from rtctl import Client
from rtd.common.ids import time_of

APP = Path(__file__).with_name("rtd_app.py")
BOOT_S = 300.0
SETTLE_S = 5.0
AHEAD_S = 8.0
"""How long after its start the tasks of `fire` come due."""
FIRE_S = 60.0
CANARY = "canary"


class Scheduled:
    """A running daemon with scheduled tasks.

    Attributes:
        pid: of the supervisor.
        startup_s: from its exec until a task that is due at once has started.
    """

    def __init__(self, pid: int, folder: Path, began_ns: int) -> None:
        self.pid = pid
        mark = folder / "first-start"
        meter.wait(lambda: mark.exists() and mark.stat().st_size > 0, BOOT_S)
        self.startup_s = (int(mark.read_text()) - began_ns) / 1e9
        self.client = Client(rtd_daemon.control_socket(folder))

    def cpu_ns(self) -> tuple[int, int]:
        """Nanoseconds on a CPU of the supervisor, and of the whole tree."""
        used = tree.sample(self.pid).on_cpu_ns
        return sum(ns for (pid, _), ns in used.items() if pid == self.pid), sum(used.values())


@contextmanager
def scheduled(kind: str, tasks: int, due_at: float = 0.0) -> Iterator[Scheduled]:
    """Run a daemon with so many tasks; yield it when it is up."""
    folder = Path(tempfile.mkdtemp(prefix="rtd-bench-"))
    variables = {"BENCH_KIND": kind, "BENCH_TASKS": str(tasks), "BENCH_DUE_AT": str(due_at)}
    began_ns = time.monotonic_ns()
    try:
        with rtd_daemon.running(folder, APP, BOOT_S, variables) as (daemon, _):
            here = Scheduled(daemon.pid, folder, began_ns)
            yield here
            here.client.close()
    finally:
        sweep()
        shutil.rmtree(folder, ignore_errors=True)


def idle(tasks: int, seconds: float) -> meter.Figures:
    """Measure the CPU of the supervisor and of the tree while nothing is due, memory, start-up
    time."""
    with scheduled("idle", tasks) as here:
        time.sleep(SETTLE_S)
        ours, all_of_it = here.cpu_ns()
        started = time.monotonic()
        time.sleep(seconds)
        elapsed_s = time.monotonic() - started
        ours_later, all_later = here.cpu_ns()
        return {
            "startup_s": here.startup_s,
            "cpu_percent": (ours_later - ours) / 1e7 / elapsed_s,
            "tree_percent": (all_later - all_of_it) / 1e7 / elapsed_s,
            "pss_bytes": tree.pss_bytes(here.pid),
            "supervisor_bytes": _resident_bytes(here.pid),
        }


def fire(tasks: int) -> meter.Figures:
    """Measure so many tasks that come due at one instant."""
    due_at = mix.due_soon(AHEAD_S)
    with scheduled("fire", tasks, due_at) as here:
        return _late(here, tasks, "late", after=due_at - 1)


def spread(tasks: int) -> meter.Figures:
    """Measure so many tasks that come due within one second, one each millisecond."""
    with scheduled("spread", tasks) as here:
        # They start at once, and again after their periods: that is what is measured. No client
        # asks meanwhile: a list of all runs costs the measured daemon 30 ms.
        after = time.time() + mix.SPREAD_S / 2
        time.sleep(mix.SPREAD_S + tasks / 1000 + 2)
        return _late(here, tasks, "spread", after=after)


def event(tasks: int) -> meter.Figures:
    """Measure the time from the end of a run until so many waiting tasks are submitted."""
    with scheduled("event", tasks) as here:
        time.sleep(1.0)
        first = here.client.submit(mix.FIRST)
        first.wait(FIRE_S)
        ended_at = here.client.get(first.id).row["ended_at"]
        assert ended_at is not None
        return _late(here, tasks, "event", after=0.0, since=ended_at)


def _late(
    here: Scheduled, tasks: int, name: str, after: float, since: float | None = None
) -> meter.Figures:
    """Return the lateness of each task's first occurrence after a moment, submitted and started.

    The due moment is in the id of an occurrence's run, in whole milliseconds.
    """
    seen: dict[str, tuple[float, float, float]] = {}
    deadline = time.monotonic() + FIRE_S
    while len(seen) < tasks:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(seen)} of {tasks} tasks were fired in {FIRE_S:.0f} s")
        # Ask rarely and late: the answer is work for the measured daemon.
        time.sleep(1.0 if time.time() > after + AHEAD_S else 0.2)
        if time.time() < after + 2:
            continue
        for run in here.client.ls(limit=4 * tasks):
            due, started_at = time_of(run.id), run.row["started_at"]
            if run.task in (CANARY, mix.FIRST) or started_at is None or due <= after:
                continue
            early = seen.get(run.task)
            if early is None or due < early[0]:
                seen[run.task] = (due, run.row["submitted_at"], started_at)
    zero = {task: due if since is None else since for task, (due, _, _) in seen.items()}
    return {
        **meter.lateness([at - zero[task] for task, (_, at, _) in seen.items()], name),
        **meter.lateness([at - zero[task] for task, (_, _, at) in seen.items()], f"{name}_start"),
    }


def _resident_bytes(pid: int) -> int:
    done = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True
    )
    return int(done.stdout) * 1024
