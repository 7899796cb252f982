"""The daemon, or Redis, is there and says nothing: limits hold, and probes end soon."""

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from rtctl import Client
from rtctl.aio.client import AsyncClient
from rtd.common.errors import StoreGone, WaitTimeout
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.external import ExternalRedis
from tests.helpers.running import client, until_running
from tests.helpers.source import PROGRAMS
from tests.helpers.terminal import Terminal

LIMIT_S = 2.0
#: The limit, the second for the daemon, and the start of a program on a host that is busy.
SOON_S = LIMIT_S + 6.0


@contextmanager
def stopped(process: subprocess.Popen[bytes] | None) -> Iterator[None]:
    """Stop a process for a while."""
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


@contextmanager
def within(limit_s: float) -> Iterator[None]:
    """Check that what is done inside takes no longer."""
    begun_s = time.monotonic()
    yield
    assert time.monotonic() - begun_s < limit_s


@pytest.fixture(params=["rtd", "redis"])
def hanging(
    request: pytest.FixtureRequest, start_daemon: DaemonMaker, external: ExternalRedis
) -> Iterator[tuple[Daemon, str]]:
    """A daemon with a run that goes on, once it hangs, or its Redis does."""
    daemon = start_daemon("supervised:session", cwd=PROGRAMS, flags=["--redis", external.url])
    with client(daemon) as rt:
        run = until_running(rt.submit("sleep", seconds=600)).id
    with stopped(daemon.process if request.param == "rtd" else external.process):
        yield daemon, run
    daemon.ok("kill", run, "--grace", "0")


def test_a_limit_holds(hanging: tuple[Daemon, str]) -> None:
    daemon, run = hanging
    for words in (["wait", run], ["wait", run, "--any"], ["result", run, "--wait"]):
        with within(SOON_S):
            done = daemon.rtctl(*words, "--timeout", f"{LIMIT_S}s")
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (124, "", 1), done
    with Client(daemon.socket) as rt:
        for limit_s in (LIMIT_S, 0.0):
            with within(SOON_S), pytest.raises(WaitTimeout):
                rt.wait([run], limit_s)
        with within(SOON_S), pytest.raises(WaitTimeout):
            rt.rpc.wait(runs=[run], timeout_s=LIMIT_S)
    asyncio.run(_wait(daemon, run))


async def _wait(daemon: Daemon, run: str) -> None:
    async with AsyncClient(daemon.socket) as rt:
        for _ in range(2):
            with within(SOON_S), pytest.raises(WaitTimeout):
                await rt.wait([run], timeout=LIMIT_S)


def test_a_limit_of_a_result_holds_and_one_on_a_terminal(hanging: tuple[Daemon, str]) -> None:
    daemon, run = hanging

    async def read() -> None:
        async with AsyncClient(daemon.socket) as rt:
            with within(SOON_S), pytest.raises((WaitTimeout, StoreGone)):
                await rt.rpc_within(LIMIT_S).result(run=run)

    with Client(daemon.socket) as rt, within(SOON_S), pytest.raises((WaitTimeout, StoreGone)):
        rt.rpc_within(LIMIT_S).result(run=run)
    asyncio.run(read())
    terminal = Terminal(["rtctl", "wait", run, "--timeout", f"{LIMIT_S}s"], daemon.env, 80)
    with within(SOON_S + 2):
        assert terminal.process.wait(30) == 124


def test_a_handle_gives_up_at_its_limit(start_daemon: DaemonMaker) -> None:
    daemon = start_daemon("supervised:session", cwd=PROGRAMS)
    with client(daemon) as rt:
        run = until_running(rt.submit("sleep", seconds=600))
        with stopped(daemon.process):
            for give_up in (run.result, run.wait):
                with within(SOON_S), pytest.raises(WaitTimeout):
                    give_up(timeout=LIMIT_S)
        with pytest.raises(WaitTimeout, match="is not over after 200ms"):
            run.result(timeout=0.2)


def test_a_probe_of_a_daemon_that_hangs_ends_soon(start_daemon: DaemonMaker) -> None:
    daemon = start_daemon()
    with stopped(daemon.process):
        _check_probes(daemon)


def test_a_probe_of_a_socket_that_never_answers_ends_soon(
    prepare_daemon: DaemonMaker,
) -> None:
    daemon = prepare_daemon()
    path = daemon.home / "mute.sock"
    daemon.env["RTD_SOCKET"] = str(path)
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(path))
        mute.listen(50)
        _check_probes(daemon)
        mute.listen(0)  # those that came before fill it: the next one cannot connect
        with within(SOON_S):
            done = daemon.rtctl("ping", "--timeout", f"{LIMIT_S}s")
        assert (done.returncode, done.stderr.count("\n")) == (7, 1), done
        assert "does not take connections" in done.stderr


def _check_probes(daemon: Daemon) -> None:
    for words, limit_s in (
        (["ping"], 5.0), (["status"], 8.0), (["ping", "--timeout", "1s"], 1.0),
        (["status", "--timeout", "1s"], 1.0),
    ):  # fmt: skip
        with within(limit_s + 5):
            done = daemon.rtctl(*words)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (124, "", 1), done
        assert f"did not answer within {limit_s:g} s" in done.stderr
    address = daemon.env.get("RTD_SOCKET", daemon.socket)

    async def ping() -> None:
        async with AsyncClient(address) as rt:
            with within(5), pytest.raises(WaitTimeout, match="within 1 s"):
                await rt.ping(timeout=1)

    asyncio.run(ping())
    with Client(address) as rt, within(5), pytest.raises(WaitTimeout, match="within 1 s"):
        rt.ping(timeout=1)


@pytest.mark.parametrize("verb", ["ping", "status", "wait"])
def test_the_help_names_the_code(jobs: Daemon, verb: str) -> None:
    text = jobs.ok("help", verb)
    assert "--timeout DURATION" in text
    assert "124" in text
