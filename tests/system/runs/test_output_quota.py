"""Output is kept within its quota, the oldest goes first, and records say what is gone."""

import os
import time

from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client
from tests.helpers.source import PROGRAMS


def test_the_oldest_output_goes_first_and_is_counted_as_lost(
    start_daemon: DaemonMaker,
) -> None:
    """Two megabytes are allowed, six are written; the daemon looks when it starts."""
    flags = ["--set", "output.quota=2 MB"]
    daemon = start_daemon("jobs:session", flags, cwd=PROGRAMS)
    with client(daemon) as rt:
        runs = [
            rt.command("sh", "-c", f"yes {n} | head -c 1500000").wait(timeout=20) for n in range(4)
        ]
        assert {run.state for run in runs} == {"succeeded"}
        sizes = [rt.rpc.show(run=run.id)["attempts"][0]["output_bytes"] for run in runs]
        assert sizes == [1_500_000] * 4
    age(daemon)
    assert daemon.stop() == 0
    daemon.start()
    with client(daemon) as rt:
        until(lambda: rt.rpc.info()["output"]["bytes"] <= 2 << 20, what="the quota holds")
        assert next(iter(rt.get(runs[-1].id).logs())) == "3"
        assert list(rt.get(runs[0].id).logs()) == []
        assert "1,500,000 bytes" in daemon.rtctl("logs", runs[0].id).stderr


def age(daemon: Daemon) -> None:
    """Make finished output a few minutes old, so that it may be deleted, in its order."""
    folder = daemon.home / "state" / "output"
    files = sorted(folder.glob("*.out"), key=lambda path: path.stat().st_mtime)
    for position, path in enumerate(files):
        at = time.time() - 600 + position
        os.utime(path, (at, at))
