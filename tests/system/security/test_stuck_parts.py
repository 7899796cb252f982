"""Scribbled shared memory, forged zygotes, stuck ones: the daemon answers, ends, leaves nothing."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rtd.common.ids import new_id
from rtd.process.board.board import RANGE_SLOTS, Board
from rtd.process.board.slot import DEADLINE_NS, FLAGS, PID, SEQ, WORDS
from rtd.process.tree.process_identity import start_ticks
from rtd.protocol.zygote_messages import HelloReport, StartReport, encode
from tests.helpers.daemon import BIN, Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client, until_running
from tests.helpers.source import PROGRAMS

FLAGS_OF_DAEMON = ("--set", "lanes.process.max=2", "--set", "stop_grace=1s")


@pytest.fixture
def daemon(start_daemon: DaemonMaker) -> Daemon:
    """A daemon with a command that runs, and a thread."""
    found: Daemon = start_daemon("jobs:session", FLAGS_OF_DAEMON, cwd=PROGRAMS)
    with client(found) as rt:
        until_running(rt.command("sleep", "300"))
        until_running(rt.submit("hold", gate="/nowhere"))
    return found


@pytest.fixture(scope="module")
def quiet() -> Iterator[Daemon]:
    """A daemon that several tests use."""
    found = Daemon("jobs:session", FLAGS_OF_DAEMON, cwd=PROGRAMS).start()
    yield found
    assert not found.close_and_tell()


def zygote_of(daemon: Daemon) -> int:
    """The pid of the zygote."""
    (found,) = (one.pid for one in daemon.processes() if one.title.startswith("rtd: app"))
    return found


def stop(daemon: Daemon, **how: object) -> subprocess.CompletedProcess[str]:
    """Run `rtd stop`. After that nothing of the daemon lives."""
    done = subprocess.run(
        ["rtd", "stop", "--wait", "60s"], executable=BIN / "rtd", env=daemon.env, cwd=daemon.cwd,
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, (done.stderr, daemon.log.read_text())
    assert daemon.processes() == []
    return done


def scribble(daemon: Daemon, seed: int) -> None:
    """Write what may do harm into all slots of the board that a zygote has."""
    luck = random.Random(seed)
    board = Board(daemon.home / "run" / "board")
    for slot in range(board.reserved_end(0)):
        base = (slot + 1) * WORDS
        if seed:
            board.words[base : base + WORDS].release()
            for word in range(WORDS):
                board.words[base + word] = luck.getrandbits(64)
        board.words[base + SEQ] |= 1
        board.words[base + PID] = board.words[base + PID] or os.getpid()
        board.words[base + DEADLINE_NS] = luck.choice([1, 1 << 63, time.monotonic_ns() + 1])
        board.words[base + FLAGS] = 1
    board.wakeup_fifo.wake()
    board.close()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_a_scribbled_board_holds_up_nothing(daemon: Daemon, seed: int) -> None:
    scribble(daemon, seed)
    with client(daemon) as rt:
        for _ in range(20):
            began = time.monotonic()
            rt.ping()
            assert time.monotonic() - began < 1
        rt.rpc.info()
        rt.rpc.status()
        rows = rt.rpc.ls()["runs"]
        assert len(rows) == 2
        for row in rows:
            rt.rpc.show(run=row["id"])
    stop(daemon)


@pytest.mark.slow
def test_a_stuck_zygote_ends_with_the_daemon(daemon: Daemon) -> None:
    os.kill(zygote_of(daemon), signal.SIGSTOP)
    stop(daemon)
    assert "does not end: killing it" in daemon.log.read_text()


def test_what_a_killed_daemon_leaves_is_ended_by_stop(daemon: Daemon) -> None:
    assert daemon.process is not None
    os.kill(zygote_of(daemon), signal.SIGSTOP)
    os.kill(daemon.process.pid, signal.SIGSTOP)  # so that it is still there when `stop` begins
    stopping = subprocess.Popen(
        ["rtd", "stop", "--wait", "60s"], executable=BIN / "rtd", env=daemon.env, cwd=daemon.cwd,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    until(lambda: f"/{stopping.pid}/" in _listeners(daemon), what="stop waits", within_s=10)
    daemon.process.kill()
    daemon.process.wait()
    _, err = stopping.communicate(timeout=60)
    assert stopping.returncode == 1, err
    assert "`rtd stop` once more ends them" in err
    assert "processes that one had left" in stop(daemon).stderr


def _listeners(daemon: Daemon) -> str:
    """The paths of the processes that sleep in a receive or a poll; the one of `stop` comes."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                sockets = [os.readlink(fd) for fd in (entry / "fd").iterdir()]
            except OSError:
                continue
            if b"stop" in words and any("socket:" in one for one in sockets):
                found.append(f"/{entry.name}/")
    return " ".join(found)


def hello(pid: int, generation: int, slots: tuple[int, int]) -> bytes:
    """The hello of a zygote."""
    ticks = start_ticks(pid) or 0
    return encode(HelloReport(pid=pid, ticks=ticks, generation=generation, app=None, slots=slots,
                              executors=(), exits=(), manifest=None, error=None, warnings=(),
                              draining=False))  # fmt: skip


@pytest.mark.parametrize("forged", ["its pid", "my pid", "a new one on its slots", "no such slots"])
def test_a_forged_hello_is_refused(quiet: Daemon, forged: str) -> None:
    daemon = quiet
    zygote = zygote_of(daemon)
    frame = {
        "its pid": lambda: hello(zygote, 1, (0, RANGE_SLOTS)),
        "my pid": lambda: hello(os.getpid(), 1, (0, RANGE_SLOTS)),
        "a new one on its slots": lambda: hello(os.getpid(), 7, (5, 9)),
        "no such slots": lambda: hello(os.getpid(), 7, (1 << 20, 1 << 40)),
    }[forged]()
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(10)
        link.connect(str(daemon.home / "run" / "zygote.sock"))
        link.sendall(frame)
        report = StartReport(new_id(), "process", slot=1, pid=1, ticks=0, slots=1)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # closed at once
            link.sendall(encode(report))
            assert link.recv(100) == b""
    assert "is refused" in daemon.log.read_text()
    with client(daemon) as rt:
        assert rt.submit("add", a=1, b=2).result(20) == 3
        assert all(row["pid"] != 1 for row in rt.rpc.info()["executors"])


STUCK = """
import asyncio, contextlib, os, signal, sys
from rtd.process.events.stuck_loop import handle_signal

async def main():
    async with contextlib.AsyncExitStack() as ends:
        async def end():
            await asyncio.sleep(0)
            print("ended in order", flush=True)
        ends.push_async_callback(end)
        taken = asyncio.Event()
        handle_signal(signal.SIGTERM, taken.set, stuck_s=0.2)
        if sys.argv[1] == "stuck":
            asyncio.get_running_loop().call_soon(spin)
        print("ready", flush=True)
        await taken.wait()
        print("taken", flush=True)

def spin():
    while True:
        pass

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("how", "said", "code"),
    [("stuck", ["ready", "ended in order"], 1), ("free", ["ready", "taken", "ended in order"], 0)],
)
def test_a_signal_ends_a_loop_that_is_stuck(how: str, said: list[str], code: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", STUCK, how],
        stdout=subprocess.PIPE,
        text=True,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    lines = [process.stdout.readline().strip()]
    process.send_signal(signal.SIGTERM)
    rest, err = process.communicate(timeout=20)
    assert lines + rest.split("\n")[:-1] == said, err
    assert process.returncode == code
