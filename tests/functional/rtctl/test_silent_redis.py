"""Redis is there and says nothing: what needs it says so within seconds, what waits goes on."""

import asyncio
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rtctl.aio.client import AsyncClient
from rtd.common.errors import StoreGone
from tests.helpers.daemon import BIN, Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.external import ExternalRedis
from tests.helpers.running import client, until_output, until_running
from tests.helpers.source import PROGRAMS

#: More than the daemon may take until it calls Redis silent, and much less than a minute.
SOON_S = 15.0
SILENT = "Redis has not answered for"


@contextmanager
def silent(redis: ExternalRedis) -> Iterator[None]:
    """Stop Redis for a while."""
    assert redis.process is not None
    redis.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        redis.process.send_signal(signal.SIGCONT)


@contextmanager
def soon() -> Iterator[None]:
    """Check that what is done inside takes seconds only."""
    begun_s = time.monotonic()
    yield
    assert time.monotonic() - begun_s < SOON_S


@pytest.fixture
def daemon(start_daemon: DaemonMaker, external: ExternalRedis) -> Daemon:
    return start_daemon("supervised:session", cwd=PROGRAMS, flags=["--redis", external.url])


@contextmanager
def started(daemon: Daemon, out: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a command that waits, and end it at last."""
    with out.open("wb") as file, subprocess.Popen(
        ["rtctl", *words], executable=BIN / "rtctl", env=daemon.env, cwd=daemon.cwd, stdout=file
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def refused(daemon: Daemon, *words: str) -> str:
    """Return the one line with which rtctl refuses a command while Redis is silent."""
    with soon():
        done = daemon.rtctl(*words)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1), done
    assert SILENT in done.stderr
    return done.stderr


def test_every_command_that_needs_redis_says_within_seconds_that_it_is_silent(
    daemon: Daemon, external: ExternalRedis, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    with client(daemon) as rt:
        run = until_running(rt.submit("waiter", gate=str(gate))).id

    with silent(external):
        assert "may be queued" in refused(daemon, "submit", "add", "a:=1")
        for words in (
            ["ls"], ["queue", "ls"], ["show", run], ["logs", run], ["kill", run], ["cancel", run],
            ["retry", run], ["result", run], ["queue", "pause", "default"], ["events"],
            ["queue", "purge", "default", "--yes"],
        ):  # fmt: skip
            refused(daemon, *words)
        assert "nothing was queued" in refused(daemon, "submit", "add", "a:=1", "--id", "mine")
        assert daemon.rtctl("tasks").returncode == daemon.rtctl("ping").returncode == 0
    until(lambda: daemon.rtctl("ls").returncode == 0, what="Redis answers")
    assert daemon.rtctl("show", run).returncode == 0
    gate.touch()
    daemon.ok("wait", run)


def test_why_says_that_redis_is_silent(start_daemon: DaemonMaker, external: ExternalRedis) -> None:
    daemon = start_daemon("scheduled:session", cwd=PROGRAMS, flags=["--redis", external.url])
    until(lambda: "condition" in daemon.ok("why", "shelved"), what="the schedule")
    with silent(external):
        refused(daemon, "why", "shelved")


def test_a_submit_that_redis_has_not_answered_may_be_repeated_with_its_key(
    daemon: Daemon, external: ExternalRedis
) -> None:
    daemon.ok("submit", "add", "a:=2", "--id", "first")  # submits need not wait for anything
    with silent(external):
        words = ("submit", "add", "a:=1", "--id", "mine")
        assert "the same submit with the same key 'mine' makes no second one" in refused(
            daemon, *words
        )
    until(lambda: daemon.rtctl("ls").returncode == 0, what="Redis answers")
    first, second = daemon.ok(*words).split(), daemon.ok(*words).split()
    assert first == second
    assert json.loads(daemon.ok("ls", "-j"))["runs"][0]["key"] == "mine"


def test_what_is_to_wait_goes_on_while_redis_is_silent(
    daemon: Daemon, external: ExternalRedis, tmp_path: Path
) -> None:
    gate, seen, out = tmp_path / "gate", tmp_path / "seen", tmp_path / "out"
    with (
        client(daemon) as rt,
        started(daemon, seen, "events", "-f", "-o", "jsonl") as events,
        started(daemon, out, "submit", "-f", "waiter", f"gate={gate}") as submit,
    ):
        until(lambda: "waiting" in out.read_text(), what="the output")
        until(lambda: rt.submit("add", a=1) and seen.stat().st_size, what="events")
        run = rt.rpc.ls(state=["running"])["runs"][0]["id"]
        with started(daemon, tmp_path / "rows", "wait", run) as wait:
            with silent(external):
                refused(daemon, "show", run)
                gate.touch()
                refused(daemon, "kill", run)
                assert [process.poll() for process in (events, submit, wait)] == [None] * 3
            assert submit.wait(20) == wait.wait(20) == 0
        known = seen.stat().st_size
        until(lambda: rt.submit("add", a=1) and seen.stat().st_size > known, what="more events")
        assert events.poll() is None


def test_the_clients_in_python_raise_within_seconds(
    daemon: Daemon, external: ExternalRedis
) -> None:
    async def submit_and_list() -> None:
        async with AsyncClient(daemon.socket) as rt:
            for call in (rt.submit("add", a=1), rt.rpc.ls()):
                with pytest.raises(StoreGone, match=SILENT):
                    await call

    with client(daemon) as rt, silent(external):
        with soon(), pytest.raises(StoreGone, match=f"{SILENT}.* may be queued"):
            rt.submit("add", a=1)
        with soon(), pytest.raises(StoreGone, match=SILENT):
            rt.submit_many("add", [{"a": 1}] * 3)
        with soon(), pytest.raises(StoreGone, match=SILENT):
            rt.rpc.ls()
        with soon():
            asyncio.run(submit_and_list())


def test_a_kill_that_waits_for_its_run_ends_when_redis_falls_silent(
    daemon: Daemon, external: ExternalRedis, tmp_path: Path
) -> None:
    script = "trap 'echo stopping' TERM; echo ready; while :; do sleep 0.05; done"
    run_id = daemon.ok("submit", "--", "sh", "-c", script).strip()
    with client(daemon) as rt:
        run = rt.get(run_id)
        until_output(run, "ready")
        with started(daemon, tmp_path / "out", "kill", run_id, "--grace", "60s") as kill:
            until_output(run, "stopping")
            with silent(external), soon():
                refused(daemon, "ls")
                assert kill.wait(10) == 3
    until(lambda: daemon.rtctl("kill", run_id, "--grace", "0").returncode == 0, what="its end")
