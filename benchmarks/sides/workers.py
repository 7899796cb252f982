"""The worker processes of a measured system: start, signals, memory, end."""

from __future__ import annotations

import signal
import subprocess
import time
from typing import IO

from benchmarks import marks
from benchmarks.sides.contract import Command
from benchmarks.tree import pss_bytes


class Workers:
    """The worker processes of one pool; their output goes to ``workers.log``."""

    def __init__(self, commands: list[Command]) -> None:
        self._commands = commands
        self._log: IO[bytes] = (marks.SCRATCH / "workers.log").open("ab")
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start them all at once."""
        self._processes = [
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)
            for command in self._commands
        ]

    def check(self) -> None:
        """Raise RuntimeError, with the end of the workers' log, if a worker has ended."""
        for process in self._processes:
            if process.poll() is not None:
                raise RuntimeError(f"{process.args!r} ended early\n{log_tail()}")

    def send(self, number: signal.Signals) -> None:
        """Send each of them a signal."""
        for process in self._processes:
            process.send_signal(number)

    def pss_bytes(self) -> int:
        """Return the memory of them and of what they have started, a Redis of theirs left out."""
        return sum(pss_bytes(process.pid, without="redis-server") for process in self._processes)

    def stop(self) -> None:
        """Send the workers SIGTERM; the harness kills those that remain."""
        for process in self._processes:
            process.terminate()
        deadline = time.monotonic() + 5
        for process in self._processes:
            try:
                process.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._log.close()


def log_tail() -> str:
    """Return the last lines of the workers' output."""
    return "\n".join((marks.SCRATCH / "workers.log").read_text(errors="replace").splitlines()[-15:])
