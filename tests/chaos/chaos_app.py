"""An app for the chaos tests: runs that leave a trace of having been carried out."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from rtd import Session, Stopped, current_run

session = Session()

ROOT = Path(__file__).resolve().parents[2]


def trace(path: str) -> None:
    """Add this run's id to a file, in one write."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(fd, f"{current_run().id}\n".encode())
    os.close(fd)


@session.task(on_lost="requeue")
def again(path: str, work_s: float = 0.01) -> None:
    """Short work that may be carried out twice."""
    time.sleep(work_s)
    trace(path)


@session.task(on_lost="fail")
def once(path: str, work_s: float = 0.01) -> None:
    """Short work that must not be carried out twice."""
    time.sleep(work_s)
    trace(path)


@session.task(stop_grace="100ms")
def deaf_forker() -> None:
    """Fifty daemonised children that do not listen, and a parent that does not either."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    subprocess.Popen([sys.executable, "-m", "tests.programs.forker", "family"], cwd=ROOT)
    while True:
        try:
            time.sleep(1000)
        except Stopped:
            continue
