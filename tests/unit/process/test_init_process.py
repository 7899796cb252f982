"""The init of a container: here a subreaper stands for process 1, to which orphans go, too."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.helpers.deadline import until

_HEAD = """
import os, signal, sys, time
from rtd.process.fork.init_process import run_under_init
from rtd.process.fork.prctl import set_subreaper
from rtd.process.tree.children import children_of

def until(found):
    end = time.monotonic() + 20
    while not found():
        assert time.monotonic() < end
        time.sleep(0.005)

set_subreaper()
"""


@contextmanager
def program(body: str) -> Iterator[subprocess.Popen[str]]:
    """Run a program that is the init of `body`, the source of a function."""
    source = f"{_HEAD}\n{body}\nsys.exit(run_under_init(body))"
    child = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True)
    try:
        yield child
    finally:
        if child.poll() is None:
            for pid in [*_children(child.pid), child.pid]:
                os.kill(pid, signal.SIGKILL)
        child.communicate()


def _children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(word) for word in file.read().split()]


def line_of(child: subprocess.Popen[str]) -> str:
    """The next line that the program prints."""
    assert child.stdout is not None
    return child.stdout.readline().strip()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("body = lambda: 3", 3),
        ("body = lambda: os.kill(os.getpid(), signal.SIGKILL)", 128 + signal.SIGKILL),
        ("body = lambda: 0 if os.getpgrp() == os.getpid() else 1", 0),
        ("body = lambda: 1 if signal.pthread_sigmask(signal.SIG_BLOCK, []) else 0", 0),
    ],
)
def test_it_ends_with_the_code_of_its_child_which_leads_a_group(body: str, code: int) -> None:
    with program(body) as init:
        assert init.wait(20) == code


def test_it_reaps_orphans_that_are_not_its_children() -> None:
    body = """
def body():
    if os.fork() == 0:  # a daemon of the old kind: its parent ends at once
        if os.fork() == 0:
            until(lambda: os.getppid() == init)
        os._exit(0)
    os.wait()
    until(lambda: children_of(init) == [os.getpid()])
    return 0
init = os.getpid()
"""
    with program(body) as init:
        assert init.wait(20) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_it_passes_a_signal_on(number: signal.Signals) -> None:
    body = f"""
def body():
    signal.pthread_sigmask(signal.SIG_BLOCK, [{int(number)}])
    print("ready", flush=True)
    print(int(signal.sigwait([{int(number)}])), flush=True)
    return 0
"""
    with program(body) as init:
        assert line_of(init) == "ready"
        init.send_signal(number)
        assert line_of(init) == str(int(number))
        assert init.wait(20) == 0


def test_a_signal_that_the_child_does_not_handle_ends_both() -> None:
    with program("body = lambda: print('ready', flush=True) or time.sleep(60)") as init:
        assert line_of(init) == "ready"
        child = until(lambda: _children(init.pid))[0]
        init.send_signal(signal.SIGTERM)
        assert init.wait(20) == 128 + signal.SIGTERM
        assert not os.path.exists(f"/proc/{child}")
