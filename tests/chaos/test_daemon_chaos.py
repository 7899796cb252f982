"""The supervisor's promises, many times over. Run by `make chaos`."""

import contextlib
import os
import random
import signal
import time
from pathlib import Path

import pytest

from rtctl import Client
from rtd.common.errors import RtdError
from tests.functional.client.test_control_socket import (
    HELLO,
    OPENED_LATER,
    Pinger,
    connect,
    descriptors,
    rubbish,
)
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import (
    SMALL,
    client,
    executor_of,
    executors,
    restart_supervisor,
    until_running,
)
from tests.helpers.source import PROGRAMS
from tests.system.runs.test_kill import family_of, start_family

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(1200)]


def start(start_daemon: DaemonMaker, *flags: str) -> Daemon:
    """A daemon with the app of the supervisor's tests."""
    return start_daemon("supervised:session", cwd=PROGRAMS, flags=[*SMALL, *flags])


def test_a_hundred_kills_of_a_deaf_family_leave_nothing(start_daemon: DaemonMaker) -> None:
    daemon = start(start_daemon)
    with client(daemon) as rt:
        for _ in range(100):
            run = start_family(rt, daemon)
            began = time.monotonic()
            ended = run.kill(grace=1.0)
            assert time.monotonic() - began < 10.0
            assert len(ended) >= 40
            assert family_of(daemon) == []


def test_a_hundred_killed_executors_are_replaced_within_a_second_at_the_median(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    daemon = start(start_daemon)
    with client(daemon) as rt:
        other = until_running(rt.submit("waiter", gate=str(tmp_path / "gate")))
        times: list[float] = []
        for _ in range(100):
            run = rt.submit("sleep", seconds=600)
            os.kill(executor_of(rt, run), signal.SIGKILL)
            began = time.monotonic()
            assert rt.submit("add", a=1).wait(timeout=20).result() == 1
            times.append(time.monotonic() - began)
            run.wait(timeout=20)
            assert (run.state, run.row["exit"]) == ("lost", [None, signal.SIGKILL])
        assert sorted(times)[50] < 1.0, times
        assert other.state == "running"
        (tmp_path / "gate").touch()
        assert other.wait(timeout=20).result() == "open"


def test_ten_thousand_bad_frames_hurt_no_other_client(start_daemon: DaemonMaker) -> None:
    daemon = start(start_daemon, "--set", "limits.frame=256 KB")
    before = descriptors(daemon)
    pinger = Pinger(daemon)
    pinger.start()
    for seed in range(10_000):
        link = connect(daemon)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            link.sendall(HELLO + rubbish(seed) if seed % 2 else rubbish(seed))
        link.close()
    waits = pinger.stop()
    print(
        f"median {waits[len(waits) // 2] * 1e3:.1f} ms, 99 % {waits[-len(waits) // 100] * 1e3:.1f}"
    )
    assert waits[len(waits) // 2] < 0.050
    most = before + OPENED_LATER
    until(lambda: descriptors(daemon) <= most, what="all descriptors are given back")


def test_supervisors_zygotes_executors_and_redis_die_at_random_and_the_truth_stays(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    """Every acknowledged run ends; those that must not be repeated are not."""
    daemon = start(start_daemon)
    luck = random.Random(7)
    log = tmp_path / "log"
    acknowledged: list[str] = []
    with client(daemon) as rt:
        for _ in range(25):
            with contextlib.suppress(RtdError):
                runs = rt.submit_many("note", [{"file": str(log)}] * 200)
                acknowledged += [run.id for run in runs]
            strike(daemon, rt, luck)
        until(lambda: answers(rt), within_s=60, what="the daemon is well")
        rt.wait([rt.get(run_id) for run_id in acknowledged], timeout=120)
        states = {rt.get(run_id).state for run_id in acknowledged}
        assert states <= {"succeeded", "lost"}
        ended = [run.row["state"] for run in rt.ls(task="note", limit=10_000)]
        ran = len(log.read_text().splitlines())
        assert ran >= ended.count("succeeded")
        assert ran <= ended.count("succeeded") + ended.count("lost"), "a run was repeated"


def test_fifty_timeouts_of_a_deaf_family_leave_nothing(start_daemon: DaemonMaker) -> None:
    daemon = start(start_daemon)
    with client(daemon) as rt:
        for _ in range(50):
            run = start_family(rt, daemon, timeout="2s", stop_grace="0.5s")
            assert run.wait(timeout=15).row["by"] == "timeout"
            assert family_of(daemon) == []


def strike(daemon: Daemon, rt: Client, luck: random.Random) -> None:
    """Kill one of the parts."""
    kind = luck.choice(["supervisor", "executor", "redis", "zygote", "nothing"])
    if kind == "supervisor":
        restart_supervisor(daemon)
        return
    with contextlib.suppress(RtdError, ProcessLookupError):
        info = rt.rpc.info()
        if kind == "redis":
            os.kill(info["redis"]["pid"], signal.SIGKILL)
        elif kind == "executor" and executors(rt):
            os.kill(luck.choice(executors(rt))["pid"], signal.SIGKILL)
        elif kind == "zygote":
            for found in daemon.processes():
                if found.title == "rtd: app supervised:session":
                    os.kill(found.pid, signal.SIGKILL)
                    break


def answers(rt: Client) -> bool:
    """Whether work is carried out."""
    try:
        return rt.submit("add", a=1).wait(timeout=20).state == "succeeded"
    except RtdError:
        return False
