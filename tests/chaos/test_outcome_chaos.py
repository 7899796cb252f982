"""Middleware hears of each end, in order, while parts of rtd are killed. Run by `make chaos`."""

import contextlib
import json
import os
import random
import signal
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rtctl import Client, Run
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import restart_supervisor

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]

HERE = Path(__file__).parent
KILLS = ["executor"] * 12 + ["zygote"] * 4 + ["supervisor"] * 3 + ["redis"] * 3


class Heard(NamedTuple):
    """A call of process_outcome."""

    run: str
    attempt: int
    state: str
    kind: str | None
    will_retry: bool


def submit_all(rt: Client) -> list[Run]:
    """Two thousand runs of all kinds, mixed."""
    runs: list[Run] = []
    for _ in range(10):
        runs += rt.submit_many("once", [{"fail": n % 4 == 0} for n in range(80)])
        runs += rt.submit_many("again", [{}] * 60)
        runs += rt.submit_many("third", [{}] * 25)
        runs += rt.submit_many("late", [{"deaf": n == 0} for n in range(5)])
        runs += rt.submit_many("threaded", [{}] * 30)
    return runs


def kill(daemon: Daemon, what: str, chance: random.Random) -> None:
    if what == "supervisor":
        restart_supervisor(daemon)
        return
    done = daemon.rtctl("info", "-j")
    info = json.loads(done.stdout) if done.returncode == 0 else {}
    if what == "executor":
        pids = [one["pid"] for one in info.get("executors", []) if one["run"]]
    elif what == "redis":
        pids = [info["redis"]["pid"]] if info.get("redis", {}).get("pid") else []
    else:
        pids = [pid for one in info.get("executors", []) for pid in parent_of(one["pid"])]
    with contextlib.suppress(ProcessLookupError, IndexError):
        os.kill(chance.choice(pids), signal.SIGKILL)


def parent_of(pid: int) -> list[int]:
    """The zygote of an executor; empty when that has gone."""
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return [int(line.split()[1]) for line in lines if line.startswith("PPid:")]
    return []


def heard_of(path: Path) -> dict[str, list[Heard]]:
    found: dict[str, list[Heard]] = defaultdict(list)
    for line in path.read_text().splitlines():
        one = Heard(*json.loads(line))
        found[one.run].append(one)
    return found


def ends(shown: dict[str, Any]) -> list[tuple[int, str]]:
    """The attempts of a run that middleware must hear of: all but those that were queued again
    because their executor was lost."""
    attempts = shown["attempts"]
    last = len(attempts)
    return [
        (a["number"], a["state"]) for a in attempts if a["state"] != "lost" or a["number"] == last
    ]


def test_each_end_is_heard_of_in_its_order_and_no_requeue_is(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    path = tmp_path / "heard"
    daemon = start_daemon("outcome_app.py", cwd=HERE, env={"HEARD": str(path)})
    chance = random.Random(13)
    order = chance.sample(KILLS, len(KILLS))
    with Client(daemon.socket, reconnect_s=30) as rt:
        runs = submit_all(rt)
        assert len(runs) == 2000
        for what in order:
            kill(daemon, what, chance)
            chance.random()
        rt.wait(runs, timeout=300)
        records = {run.id: rt.rpc.show(run=run.id) for run in runs}
    wanted = {run_id: ends(shown) for run_id, shown in records.items()}

    def is_complete() -> bool:
        heard = heard_of(path)
        return all(
            {number for number, _ in found} <= {one.attempt for one in heard[run_id]}
            for run_id, found in wanted.items()
        )

    until(is_complete, within_s=120, what="middleware has heard of all ends")
    heard = heard_of(path)
    lost = aborted = 0
    for run_id, found in wanted.items():
        told = heard[run_id]
        # Stopped while an executor had it that died before it could begin the next attempt.
        is_cancelled = records[run_id]["row"]["state"] == "cancelled"
        assert not is_cancelled or [one for one in told if one.state == "cancelled"], told
        first = list(dict.fromkeys(one.attempt for one in told))
        assert first == sorted(first), (told, found)
        for number, state in found:
            states = [one.state for one in told if one.attempt == number]
            assert state in states, (run_id, number, state, told)
            last = found[-1][0] == number
            if is_cancelled and last:
                continue  # it was to be tried again, and then was not
            assert all(one.will_retry != last for one in told if one.attempt == number), told
        requeued = {a["number"] for a in records[run_id]["attempts"]} - {n for n, _ in found}
        assert not [one for one in told if one.attempt in requeued and one.kind == "TaskAborted"]
        lost += sum(one.state == "lost" for one in told)
        aborted += sum(one.kind == "TaskAborted" for one in told)
    print(f"{sum(map(len, heard.values()))} calls, {aborted} from the record, {lost} of losses")
    # How many depends on the machine: enough that both ways are exercised.
    assert aborted >= 50
