"""Redis dies under load and comes back: nothing acknowledged is lost, nothing runs twice."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from rtctl import Client
from rtd.common.errors import RtdError
from rtd.store.commands.commands import StoreCommands
from rtd.store.connection.blocking import RedisConnection
from tests.helpers.daemon import BIN, Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.external import ExternalRedis
from tests.helpers.running import SMALL, client, executors, restart_supervisor, until_running
from tests.helpers.source import PROGRAMS


def load(rt: Client, log: Path, kill: Callable[[], None]) -> None:
    """Submit and run while Redis is killed three times; then account for everything."""
    acknowledged: list[str] = []
    for round_number in range(12):
        if round_number in (3, 6, 9):
            kill()
        with contextlib.suppress(RtdError):
            runs = rt.submit_many("note", [{"file": str(log), "word": "w"}] * 200)
            acknowledged += [run.id for run in runs]
    until(lambda: answers(rt), within_s=20, what="Redis is back")
    rt.wait([rt.get(run_id) for run_id in acknowledged], timeout=60)
    states = Counter(rt.get(run_id).state for run_id in acknowledged[::7])
    assert set(states) == {"succeeded"}
    ended = rt.rpc.ls(state=["queued", "running"])["totals"]
    ran = len(log.read_text().splitlines())
    assert ran == ended["succeeded"], "every run that ended has run exactly once"
    assert ran >= len(acknowledged)


def answers(rt: Client) -> bool:
    """Whether work is accepted."""
    try:
        rt.rpc.queue_ls()
    except RtdError:
        return False
    return True


def test_an_embedded_redis_that_is_killed_under_load_loses_and_repeats_nothing(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    daemon = start_daemon("supervised:session", cwd=PROGRAMS, flags=SMALL)
    with client(daemon) as rt:

        def kill() -> None:
            until(lambda: rt.rpc.info()["redis"]["ok"], within_s=20, what="Redis is there")
            os.kill(rt.rpc.info()["redis"]["pid"], signal.SIGKILL)

        load(rt, tmp_path / "log", kill)


def test_an_external_redis_that_is_killed_under_load_loses_and_repeats_nothing(
    start_daemon: DaemonMaker, external: ExternalRedis, tmp_path: Path
) -> None:
    flags = [*SMALL, "--redis", external.url]
    daemon = start_daemon("supervised:session", cwd=PROGRAMS, flags=flags)

    def kill() -> None:
        external.kill()
        external.start()

    with client(daemon) as rt:
        load(rt, tmp_path / "log", kill)


def test_work_resumes_within_two_seconds_of_redis_answering(
    start_daemon: DaemonMaker, external: ExternalRedis, tmp_path: Path
) -> None:
    flags = [*SMALL, "--redis", external.url]
    daemon = start_daemon("supervised:session", cwd=PROGRAMS, flags=flags)
    gate = tmp_path / "gate"
    with client(daemon) as rt:
        going = until_running(rt.submit("waiter", gate=str(gate)))
        waiting = rt.task("add", delay="0.5s").submit(a=5)
        external.kill()
        until(lambda: not rt.rpc.info()["redis"]["ok"], what="the loss is noticed")
        gate.touch()
        external.start()
        began = time.monotonic()
        until(lambda: answers(rt), what="Redis answers the daemon")
        assert going.wait(timeout=20).result() == "open"
        assert waiting.wait(timeout=20).result() == 5
        assert rt.submit("add", a=1).wait(timeout=20).result() == 1
        assert time.monotonic() - began < 10.0


def test_while_redis_is_away_the_daemon_says_so_and_what_still_works(
    start_daemon: DaemonMaker, external: ExternalRedis
) -> None:
    flags = [*SMALL, "--redis", external.url]
    daemon = start_daemon("supervised:session", cwd=PROGRAMS, flags=flags)
    with client(daemon) as rt:
        run = rt.task("sleep", timeout="1s").submit(seconds=600)
        until_running(run)
        external.kill()
        until(lambda: not rt.rpc.info()["redis"]["ok"], what="the loss is noticed")
        assert rt.rpc.ping()["pid"] > 0
        assert [row["lane"] for row in rt.rpc.info()["executors"]]
        for words in (["submit", "add", "a:=1"], ["ls"], ["queue", "ls"], ["show", run.id]):
            done = daemon.rtctl(*words)
            assert done.returncode == 3, words
            assert done.stderr.count("\n") == 1, done.stderr
            assert "still work" in done.stderr
        # The deadline of the run holds meanwhile; its record follows when Redis is back.
        until(lambda: rt.rpc.info()["running"] == 0, what="the timeout")
        external.start()
        until(lambda: answers(rt), what="Redis answers the daemon")
        assert run.wait(timeout=20).state == "terminated"


@pytest.mark.slow
def test_a_daemon_without_its_redis_does_not_start_and_says_why(tmp_path: Path) -> None:
    daemon = Daemon(None, ["--redis", f"unix://{tmp_path}/nobody.sock"])
    with daemon.log.open("wb") as log:
        done = subprocess.run(
            daemon.command, env=daemon.env, stdout=log, stderr=log, timeout=40, check=False
        )
    text = daemon.log.read_text()
    assert done.returncode == 1
    assert "nobody.sock" in text.splitlines()[-1]
    assert "Traceback" not in text
    assert daemon.close() == []


def test_a_second_daemon_of_the_same_node_is_refused(
    start_daemon: DaemonMaker, external: ExternalRedis
) -> None:
    """They would hold each other's executors for dead."""
    first = start_daemon(flags=["--redis", external.url])
    second = Daemon(flags=["--redis", external.url])
    done = subprocess.run(
        ["rtd", *second.command[1:]],
        executable=BIN / "rtd", env=second.env, capture_output=True, text=True, timeout=30,
        check=False,
    )  # fmt: skip
    second.close()
    assert first.process is not None
    assert done.returncode == 6
    for part in (f"pid {first.process.pid}", str(first.home / "run"), os.uname().nodename):
        assert part in done.stderr
    start_daemon(flags=["--redis", external.url, "--set", "node=another"])
    start_daemon(flags=["--redis", external.url, "--set", "name=other"])
    restart_supervisor(first)  # the claim of a dead daemon on this machine keeps no other out
    assert first.stop() == 0
    start_daemon(flags=["--redis", external.url])


def test_a_name_whose_holder_died_on_another_machine_is_free_after_a_while(
    start_daemon: DaemonMaker, external: ExternalRedis
) -> None:
    word = json.dumps({"machine": "elsewhere", "pid": 1, "ticks": 1, "host": "far", "where": "/"})
    with RedisConnection.connect(external.url) as link:
        link.execute(StoreCommands("rtd").claim(os.uname().nodename, b"", word.encode(), 2000))
    start_daemon(flags=["--redis", external.url])


def test_a_name_that_is_renewed_on_another_machine_is_refused(external: ExternalRedis) -> None:
    daemon = Daemon(flags=["--redis", external.url])
    node, word = os.uname().nodename, {"machine": "elsewhere", "pid": 1, "host": "far", "beat": 1}
    with RedisConnection.connect(external.url) as link, daemon.log.open("wb") as log:
        calls = StoreCommands("rtd")
        found = link.execute(calls.claim(node, b"", json.dumps(word).encode(), 60_000))
        process = subprocess.Popen(
            daemon.command, executable=BIN / "rtd", env=daemon.env, stdout=log, stderr=log
        )
        until(lambda: b"waiting whether" in daemon.log.read_bytes(), what="it waits")
        link.execute(calls.claim(node, found, json.dumps({**word, "beat": 2}).encode(), 60_000))
        assert process.wait(20) == 6
    assert "on far" in daemon.log.read_text()
    daemon.close()


@pytest.mark.slow
def test_idle_executors_that_all_have_left_end_after_a_while(
    start_daemon: DaemonMaker, external: ExternalRedis
) -> None:
    flags = ["--redis", external.url, "--set", "lanes.process.min=2"]
    daemon = start_daemon("supervised:session", cwd=PROGRAMS, flags=flags)
    with client(daemon) as rt:
        until(lambda: len(executors(rt)) == 2, what="its executors")
        assert rt.submit("add", a=1).wait(timeout=20).result() == 1
    assert daemon.process is not None
    daemon.process.kill()
    daemon.process.wait()
    for found in daemon.processes():
        if found.title.startswith("rtd: app"):
            os.kill(found.pid, signal.SIGKILL)
    external.kill()
    until(lambda: not daemon.processes(), within_s=40, what="their end")
