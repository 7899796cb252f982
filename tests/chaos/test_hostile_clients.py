"""Clients of the daemon's group do their worst, and no other notices. Run by `make chaos`.

It takes 20 seconds; RTD_HOSTILE_S=300 makes it five minutes, RTD_HOSTILE_ATTACKS=half_frame tries
one kind of attack alone.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from tests.functional.client.test_control_socket import OPENED_LATER, descriptors
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.other_user import NOBODY, needs_root
from tests.helpers.running import client
from tests.helpers.source import PROGRAMS, ROOT

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(1200), needs_root]

SECONDS = float(os.environ.get("RTD_HOSTILE_S", "20"))
CLIENTS, PROCESSES = 100, 4
#: Names of attacks of `tests.helpers.hostile_clients`; none: all of them.
ATTACKS = os.environ.get("RTD_HOSTILE_ATTACKS", "").split()
#: Bounds of docs/guides/security.md: the memory of the supervisor and of Redis, and how long a ping
#: of another client may take; longer where other tests run beside this one.
SUPERVISOR_BYTES, REDIS_BYTES = 512 << 20, 1 << 30
PING_S = 0.5 if "RTD_HOSTILE_S" in os.environ else 3.0
#: What the supervisor keeps afterwards; it began with 40 MB.
LEFT_BYTES = 128 << 20


class Ping(NamedTuple):
    """How long a ping took, and how long the supervisor ran and waited for a processor then."""

    took_s: float
    ran_s: float
    waited_s: float


class Watcher(threading.Thread):
    """Runs `rtctl ping` again and again, and keeps the largest sizes of the processes."""

    def __init__(self, daemon: Daemon) -> None:
        super().__init__()
        self._daemon = daemon
        self._end = threading.Event()
        assert daemon.process is not None
        supervisor = psutil.Process(daemon.process.pid)
        redis = next(child for child in supervisor.children() if "redis" in child.name())
        self._processes = {"supervisor": supervisor, "redis": redis}
        self._schedule = Path(f"/proc/{supervisor.pid}/schedstat")
        self.pings: list[Ping] = []
        self.most = dict.fromkeys(self._processes, 0)

    def run(self) -> None:
        while not self._end.wait(0.1):
            before = self._times_s()
            took_s = json.loads(self._daemon.ok("ping", "-j"))["took_ms"] / 1000
            ran_s, waited_s = (b - a for a, b in zip(before, self._times_s(), strict=True))
            self.pings.append(Ping(took_s, ran_s, waited_s))
            for name, process in self._processes.items():
                self.most[name] = max(self.most[name], process.memory_info().rss)

    def _times_s(self) -> list[float]:
        """Return how long the main thread has run, and has waited for a processor."""
        return [int(field) / 1e9 for field in self._schedule.read_text().split()[:2]]

    def stop(self) -> None:
        self._end.set()
        self.join()


@contextmanager
def hostile(daemon: Daemon) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Attack as a user of the group, with several programs at once."""
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.helpers.hostile_clients", daemon.socket, str(SECONDS),
             str(CLIENTS // PROCESSES), str(seed), *ATTACKS],
            cwd=ROOT,
        )
        for seed in range(PROCESSES)
    ]  # fmt: skip
    try:
        yield started
    finally:
        for process in started:
            process.kill()
            process.wait()


def test_a_hundred_clients_that_do_their_worst_hold_up_no_other(
    start_daemon: DaemonMaker,
) -> None:
    daemon = start_daemon("supervised:session", cwd=PROGRAMS, flags=["--group", str(NOBODY)])
    daemon.home.chmod(0o755)
    with client(daemon) as rt:
        rt.pause_queue("closed")
        rt.submit_many("add", [{"a": n} for n in range(20_000)])
        until(lambda: rt.rpc.ls(limit=1)["totals"]["queued"] == 0, what="there are many runs")
    before = descriptors(daemon)
    watcher = Watcher(daemon)
    watcher.start()
    with hostile(daemon) as started:
        for process in started:
            process.wait(SECONDS + 120)
    watcher.stop()
    pings, slowest = sorted(watcher.pings), max(watcher.pings)
    figures = (
        f"{len(pings)} pings: median {pings[len(pings) // 2].took_s * 1e3:.0f} ms, slowest"
        f" {slowest.took_s * 1e3:.0f} ms (from the start of rtctl to its end the supervisor ran"
        f" {slowest.ran_s * 1e3:.0f} ms and waited {slowest.waited_s * 1e3:.0f} ms for a CPU);"
        f" supervisor {watcher.most['supervisor'] >> 20} MB, Redis"
        f" {watcher.most['redis'] >> 20} MB"
    )
    print(figures)
    assert len(pings) > SECONDS, figures
    assert slowest.took_s < PING_S, figures
    assert watcher.most["supervisor"] < SUPERVISOR_BYTES, figures
    assert watcher.most["redis"] < REDIS_BYTES, figures
    assert daemon.process is not None
    supervisor = psutil.Process(daemon.process.pid)
    left = "its memory is given back"
    until(lambda: supervisor.memory_info().rss < LEFT_BYTES, within_s=60.0, what=left)
    until(lambda: descriptors(daemon) <= before + OPENED_LATER, within_s=60.0, what="all is closed")
    with client(daemon) as rt:
        assert rt.submit("add", a=1).wait(timeout=20).result() == 1
        assert daemon.rtctl("status").returncode == 0
