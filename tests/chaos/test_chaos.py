"""The promises of rtd hold while its parts are killed. Run by `make chaos`."""

import contextlib
import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rtctl import Client
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

HERE = Path(__file__).parent
RUNS = 1500


@pytest.fixture
def chaos(start_daemon: DaemonMaker) -> Daemon:
    """A daemon with the app of these tests."""
    return start_daemon("chaos_app.py", cwd=HERE)


@pytest.fixture
def client(chaos: Daemon) -> Iterator[Client]:
    with Client(chaos.socket, reconnect_s=20) as found:
        yield found


def traces(path: Path) -> Counter[str]:
    return Counter(path.read_text().split()) if path.exists() else Counter()


def busy_pids(chaos: Daemon) -> list[int]:
    """The executors that are on a run."""
    answer = json.loads(chaos.ok("info", "-j"))
    return [e["pid"] for e in answer["executors"] if e["lane"] == "process" and e["run"]]


def kill_executors(chaos: Daemon, times: int, seed: int) -> int:
    """SIGKILL busy executors, one after the other. Returns how many were hit."""
    chance = random.Random(seed)
    hits = 0
    for _ in range(times):
        pids = until(lambda: busy_pids(chaos), what="a busy executor")
        with contextlib.suppress(ProcessLookupError):
            os.kill(chance.choice(pids), signal.SIGKILL)
            hits += 1
    return hits


def rows_of(client: Client, runs: list[Any], within_s: float = 120.0) -> list[Any]:
    return [run.row for run in client.wait(runs, timeout=within_s)]


def test_runs_of_killed_executors_are_requeued_and_succeed(
    chaos: Daemon, client: Client, tmp_path: Path
) -> None:
    path = tmp_path / "trace"
    runs = client.submit_many("again", [{"path": str(path)}] * RUNS)
    assert kill_executors(chaos, 8, seed=1)
    states = Counter(row["state"] for row in rows_of(client, runs))
    assert states == {"succeeded": RUNS}
    assert set(traces(path)) == {run.id for run in runs}


def test_runs_of_killed_executors_are_lost_with_their_signal_and_no_other_is(
    chaos: Daemon, client: Client, tmp_path: Path
) -> None:
    path = tmp_path / "trace"
    runs = client.submit_many("once", [{"path": str(path)}] * RUNS)
    hits = kill_executors(chaos, 8, seed=2)
    rows = rows_of(client, runs)
    lost = [row for row in rows if row["state"] == "lost"]
    succeeded = [row for row in rows if row["state"] == "succeeded"]
    assert len(succeeded) + len(lost) == RUNS
    assert 0 < len(lost) <= hits
    assert all(row["exit"] == [None, signal.SIGKILL] for row in lost), lost
    seen = traces(path)
    assert max(seen.values()) == 1
    assert {row["id"] for row in succeeded} <= set(seen)


def test_redis_killed_under_load_loses_nothing_and_repeats_nothing(
    chaos: Daemon, client: Client, tmp_path: Path
) -> None:
    path = tmp_path / "trace"
    runs = []
    for number in range(3):
        runs += client.submit_many("once", [{"path": str(path)}] * (RUNS // 3))
        pid = json.loads(chaos.ok("info", "-j"))["redis"]["pid"]
        os.kill(pid, signal.SIGKILL)
        until(
            lambda gone=pid: _redis_pid(chaos) not in (None, gone),
            within_s=20,
            what=f"Redis again after kill {number}",
        )
    states = Counter(row["state"] for row in rows_of(client, runs))
    assert states == {"succeeded": len(runs)}
    assert traces(path) == Counter(run.id for run in runs)


def _redis_pid(chaos: Daemon) -> int | None:
    done = chaos.rtctl("info", "-j")
    redis = json.loads(done.stdout)["redis"] if done.returncode == 0 else {}
    pid: int | None = redis.get("pid") if redis.get("ok") else None
    return pid


def test_a_deaf_forker_leaves_nothing_twenty_times(chaos: Daemon, client: Client) -> None:
    before = {process.pid for process in chaos.processes()}
    for _ in range(20):
        run = client.submit("deaf_forker")
        until(lambda run=run: any("ready" in line for line in run.logs()), what="its children")
        began = time.monotonic()
        answer = json.loads(chaos.ok("kill", run.id, "--grace", "100ms", "-j"))
        assert time.monotonic() - began < 15
        (outcome,) = answer["runs"]
        assert outcome["state"] == "terminated"
        assert len(outcome["pids"]) > 40
        ended = {pid for pid, _, _ in outcome["pids"]}
        assert not ended & {process.pid for process in chaos.processes()} - before
