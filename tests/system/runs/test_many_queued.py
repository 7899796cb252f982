"""Many queued runs slow nothing down: neither looking, nor submitting, nor the supervisor."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from rtctl import Client
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.running import client
from tests.helpers.source import PROGRAMS

MANY = 60_000


def submit_rate(rt: Client) -> float:
    """Runs a second, in batches; the median of some."""
    rates = []
    for _ in range(3):
        began = time.monotonic()
        rt.submit_many("add", [{"a": n} for n in range(5000)], {"queue": "closed"})
        rates.append(5000 / (time.monotonic() - began))
    return median(rates)


def supervisor_bytes(daemon: Daemon) -> int:
    """Its resident memory."""
    assert daemon.process is not None
    statm = Path(f"/proc/{daemon.process.pid}/statm").read_text()
    return int(statm.split()[1]) * os.sysconf("SC_PAGE_SIZE")


def slowest(work: Callable[[], object]) -> float:
    """The median time of some calls."""
    times = []
    for _ in range(7):
        began = time.monotonic()
        work()
        times.append(time.monotonic() - began)
    return median(times)


def test_looking_at_many_queued_runs_is_quick_and_costs_no_memory(
    start_daemon: DaemonMaker,
) -> None:
    daemon = start_daemon("supervised:session", cwd=PROGRAMS)
    with client(daemon) as rt:
        rt.pause_queue("closed")
        before_rate = submit_rate(rt)
        before_bytes = supervisor_bytes(daemon)
        rt.submit_many("add", [{"a": n} for n in range(MANY)], {"queue": "closed"})
        assert slowest(lambda: rt.rpc.ls(limit=50)) < 0.1
        assert slowest(rt.rpc.queue_ls) < 0.1
        assert slowest(rt.rpc.info) < 0.1
        assert supervisor_bytes(daemon) - before_bytes < 20 << 20
        # The machine may be busy with other tests. A submit that looked at what waits would be a
        # hundred times slower.
        assert submit_rate(rt) > before_rate * 0.1
        assert rt.rpc.ls(limit=1)["totals"]["queued"] >= MANY
        began = time.monotonic()
        assert rt.rpc.queue_purge(queue="closed")["cancelled"] >= MANY
        assert time.monotonic() - began < 10.0  # a thirtieth of it, on an idle machine
        assert rt.rpc.ls(limit=1)["totals"]["queued"] == 0
