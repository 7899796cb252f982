"""Telling processes apart, and handles on them."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from rtd.process.tree.exit_status import reap, reap_any
from rtd.process.tree.pidfd import open_pidfd, send_signal, signal_process
from rtd.process.tree.process_identity import boot_hash, read_stat, same_process, start_ticks
from tests.helpers.deadline import until


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "1000"]) as child:
        yield child
        child.kill()


def ticks_of(pid: int) -> int:
    ticks = start_ticks(pid)
    assert ticks is not None
    return ticks


def test_a_process_is_its_pid_and_its_start(sleeper: subprocess.Popen[bytes]) -> None:
    ticks = ticks_of(sleeper.pid)
    assert same_process(sleeper.pid, ticks)
    assert not same_process(sleeper.pid, ticks - 1), "somebody else with the same pid"
    assert not same_process(os.getpid(), ticks)


def test_a_zombie_is_no_living_process(sleeper: subprocess.Popen[bytes]) -> None:
    ticks = ticks_of(sleeper.pid)
    sleeper.kill()
    until(lambda: (stat := read_stat(sleeper.pid)) is not None and not stat.alive)
    assert start_ticks(sleeper.pid) == ticks
    assert not same_process(sleeper.pid, ticks)
    sleeper.wait()
    assert start_ticks(sleeper.pid) is None
    assert not same_process(sleeper.pid, ticks)


def test_a_name_cannot_confuse_the_reading_of_stat() -> None:
    code = "import ctypes; ctypes.CDLL(None).prctl(15, b') R (1 2'); print(1, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"1\n"
        stat = read_stat(child.pid)
        assert stat is not None
        assert (stat.name, stat.parent, stat.alive) == (") R (1 2", os.getpid(), True)
        assert stat.group == os.getpgrp()
        child.kill()


def test_the_boot_has_one_hash() -> None:
    code = "from rtd.process.tree.process_identity import boot_hash; print(boot_hash())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(other.stdout) == boot_hash() != 0
    assert boot_hash() < 2**64


def test_a_pidfd_is_only_given_for_exactly_that_process(sleeper: subprocess.Popen[bytes]) -> None:
    ticks = ticks_of(sleeper.pid)
    assert open_pidfd(sleeper.pid, ticks + 1) is None
    fd = open_pidfd(sleeper.pid, ticks)
    assert fd is not None
    assert select.select([fd], [], [], 0)[0] == []
    assert send_signal(fd, signal.SIGTERM)
    assert select.select([fd], [], [], 10)[0] == [fd]
    assert open_pidfd(sleeper.pid, ticks) is None, "it is a zombie"
    sleeper.wait()
    assert not send_signal(fd, signal.SIGTERM)
    assert open_pidfd(sleeper.pid) is None
    os.close(fd)


def test_a_signal_reaches_only_the_process_that_was_meant(
    sleeper: subprocess.Popen[bytes],
) -> None:
    ticks = ticks_of(sleeper.pid)
    before = len(os.listdir("/proc/self/fd"))
    assert not signal_process(sleeper.pid, ticks + 1, signal.SIGKILL)
    assert sleeper.poll() is None
    assert signal_process(sleeper.pid, ticks, signal.SIGKILL)
    assert sleeper.wait(10) == -signal.SIGKILL
    assert not signal_process(sleeper.pid, ticks, signal.SIGKILL)
    assert len(os.listdir("/proc/self/fd")) == before


def test_an_end_is_told_once_and_exactly() -> None:
    child = subprocess.Popen(["sh", "-c", "read x; exit 3"], stdin=subprocess.PIPE)
    assert reap(child.pid) is None
    assert reap_any() is None
    assert child.stdin is not None
    child.stdin.close()
    ended = until(lambda: reap(child.pid))
    assert (ended.code, ended.signal, str(ended)) == (3, None, "exit 3")
    assert ended.max_rss_bytes > 100_000
    with pytest.raises(ChildProcessError):
        reap(child.pid)
    child.returncode = 3  # its Popen must not wait for it


def test_any_end_is_told_with_its_pid(sleeper: subprocess.Popen[bytes]) -> None:
    sleeper.send_signal(signal.SIGSEGV)
    pid, ended = until(reap_any)
    assert (pid, ended.code, ended.signal, str(ended)) == (sleeper.pid, None, 11, "SIGSEGV")
    assert reap_any() is None
    sleeper.returncode = -11
