"""`python -m benchmarks.loading`: measure task files of a loader: the start with all of them, and
the time until an added, changed or removed file takes effect while a run is running.

The targets: a start with 500 files in 3 s, a change of one file within 1 s.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import rtd_daemon
from benchmarks.sweep import sweep
from rtctl import Client
from rtd.common.errors import UnknownTask

START_S = 3.0
CHANGE_S = 1.0
_MAIN = """
from rtd import Session
from rtd.tasks.loaders import PyLoader

session = Session()
PyLoader("tasks", glob="**/tasks.py")

@session.task
def hold(gate):
    import time
    from pathlib import Path
    while not Path(gate).exists():
        time.sleep(0.05)
"""
_TASKS = """
from rtd.tasks import FuncTask

@FuncTask(start_cond="daily between 03:00 and 03:01", timeout="2 hours")
def {name}_by_time():
    pass

@FuncTask()
def {name}():
    return {value}
"""


def write(folder: Path, name: str, value: int) -> Path:
    """Write a task file as an editor saves it."""
    file = folder / "tasks" / name / "tasks.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    new.write_text(_TASKS.format(name=name, value=value))
    return new.replace(file)


def took_s(change: Callable[[], object], in_force: Callable[[], bool]) -> float:
    """Return the seconds from a change until it takes effect, checked every 5 ms."""
    began = time.perf_counter()
    change()
    while not in_force():
        time.sleep(0.005)
        if time.perf_counter() - began > 30:
            raise TimeoutError("a change of a task file was not noticed within 30 s")
    return time.perf_counter() - began


def measure(folder: Path, files: int, times: int) -> dict[str, list[float]]:
    """Return the seconds of each measurement."""
    (folder / "main.py").write_text(_MAIN)
    for number in range(files):
        write(folder, f"t{number}", number)
    found: dict[str, list[float]] = {"added": [], "changed": [], "removed": []}
    for title in ("first start", "start"):  # the first one compiles the files
        began = time.perf_counter()
        with rtd_daemon.running(folder, folder / "main.py"):
            found[title] = [time.perf_counter() - began]
    with (
        rtd_daemon.running(folder, folder / "main.py"),
        Client(rtd_daemon.control_socket(folder)) as rt,
    ):
        going = rt.submit("hold", gate=str(folder / "gate"))

        def is_there(name: str) -> bool:
            try:
                return bool(rt.rpc.tasks(task=name)["tasks"])
            except UnknownTask:
                return False

        def measure_turn(turn: int) -> None:
            name = f"new{turn}"
            found["added"].append(took_s(lambda: write(folder, name, 1), lambda: is_there(name)))
            found["changed"].append(
                took_s(
                    lambda: write(folder, "t7", turn),
                    lambda: rt.submit("t7").wait(timeout=30).result() == turn,
                )
            )
            found["removed"].append(
                took_s(lambda: shutil.rmtree(folder / "tasks" / name), lambda: not is_there(name))
            )

        for turn in range(times):
            measure_turn(turn)
        if going.refresh().state != "running":
            raise RuntimeError(f"the run that was going on is {going.state}")
        (folder / "gate").touch()
        going.wait(timeout=30)
    return found


def main() -> int:
    """Measure and print; 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loading", description=__doc__)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--times", type=int, default=10)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="rtd-bench-"))
    try:
        found = measure(folder, given.files, given.times)
    finally:
        sweep()
        shutil.rmtree(folder, ignore_errors=True)
    missed = False
    for title, seconds in found.items():
        limit = START_S if "start" in title else CHANGE_S
        missed |= max(seconds) > limit
        print(
            f"{title:12} median {statistics.median(seconds):.3f} s  worst {max(seconds):.3f} s"
            f"  target {limit:g} s"
        )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
