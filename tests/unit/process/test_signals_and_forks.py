"""Signals as input, what a forked child starts with, and descriptors."""

import ast
import gc
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rtd.process.events.signals import SignalInbox
from rtd.process.fork.fork import fork_child, other_threads, send_to_child, set_up_executor
from rtd.process.fork.process_title import _prepare
from rtd.process.tree.exit_status import ExitStatus, reap
from rtd.process.tree.kill_tree import kill_tree
from tests.helpers.deadline import until
from tests.helpers.source import ROOT
from tests.programs.daemoniser import leave_daemon

# The room for titles is measured from the environment, which other tests change.
_prepare()


@pytest.fixture
def inbox() -> Iterator[SignalInbox]:
    kept = {n: signal.getsignal(n) for n in (signal.SIGUSR1, signal.SIGUSR2)}
    box = SignalInbox(signal.SIGUSR1, signal.SIGUSR2)
    yield box
    box.close()
    for number, handler in kept.items():
        signal.signal(number, handler)


def child_that(body: Callable[[], int]) -> ExitStatus:
    """Fork a child for this and wait for its end."""
    pid = fork_child(body)
    return until(lambda: reap(pid))


def answer_of(question: Callable[[], Any], before: Callable[[], None] = lambda: None) -> Any:
    """Return the output of a forked child that was made an executor."""
    reader, writer = os.pipe()

    def body() -> int:
        before()
        set_up_executor("test")
        os.write(writer, repr(question()).encode())
        return 0

    ended = child_that(body)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    assert ended.code == 0, text
    return ast.literal_eval(text)


def test_signals_wake_a_loop_and_each_is_told_once(inbox: SignalInbox) -> None:
    assert inbox.read_signals() == set()
    for _ in range(100):
        os.kill(os.getpid(), signal.SIGUSR1)
    os.kill(os.getpid(), signal.SIGUSR2)
    assert select.select([inbox], [], [], 10)[0] == [inbox]
    assert inbox.read_signals() == {signal.SIGUSR1, signal.SIGUSR2}
    assert select.select([inbox], [], [], 0)[0] == []


def test_more_signals_than_the_inbox_holds_do_no_harm(inbox: SignalInbox) -> None:
    for _ in range(70_000):
        os.kill(os.getpid(), signal.SIGUSR1)
    seen: set[int] = set()
    while got := inbox.read_signals():
        seen |= got
    assert seen == {signal.SIGUSR1}


def test_a_child_exits_with_what_its_body_returns() -> None:
    assert child_that(lambda: 0).code == 0
    assert child_that(lambda: 41).code == 41
    assert child_that(lambda: sys.exit(5)).code == 5
    assert child_that(sys.exit).code == 0


def test_an_error_of_a_child_is_printed_and_never_gets_to_the_parents_code(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert child_that(lambda: 1 // 0).code == 70
    assert "ZeroDivisionError" in capfd.readouterr().err
    assert child_that(lambda: sys.exit("a sentence")).code == 1
    assert "a sentence" in capfd.readouterr().err


def test_text_printed_before_a_fork_is_printed_once() -> None:
    code = (
        "from rtd.process.fork.fork import fork_child; import os\n"
        "print('before', end=' ')\n"
        "pid = fork_child(lambda: print('child', end=' ') or 0)\n"
        "os.waitpid(pid, 0); print('after')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "before child after\n"


def test_an_executor_leads_its_own_session_and_reaps_its_orphans() -> None:
    def question() -> tuple[object, ...]:
        leave_daemon()
        (orphan,) = kill_tree(None, ()).ended
        title = Path("/proc/self/cmdline").read_text().rstrip("\0")
        return os.getsid(0), os.getpid(), os.getppid(), orphan.how, title

    session, pid, parent, how, title = answer_of(question)
    assert session == pid != os.getsid(0)
    assert (parent, how, title) == (os.getpid(), "SIGKILL", "rtd: test")


def test_an_executor_has_the_signals_of_a_fresh_python(inbox: SignalInbox) -> None:
    def dirty() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})

    usual = {signal.SIGPIPE: "SIG_IGN", signal.SIGXFSZ: "SIG_IGN", signal.SIGINT: "int"}

    def question() -> dict[int, str]:
        assert signal.set_wakeup_fd(-1) == -1
        assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()
        odd = {}
        for number in signal.valid_signals() - {signal.SIGTERM}:
            handler = signal.getsignal(number)
            if handler not in (signal.SIG_DFL, None):
                odd[int(number)] = "SIG_IGN" if handler == signal.SIG_IGN else "int"
        return odd

    assert answer_of(question, dirty) == usual


def test_an_early_sigterm_does_not_end_an_executor_half_made() -> None:
    reader, writer = os.pipe()

    def body() -> int:
        set_up_executor("test")
        os.write(writer, b"r")
        signal.sigtimedwait([], 0.0)
        signal.signal(signal.SIGTERM, lambda *_: os._exit(3))
        os.write(writer, b"r")
        while True:
            signal.pause()

    pid = fork_child(body)
    assert os.read(reader, 1) == b"r"
    send_to_child(pid)
    assert os.read(reader, 1) == b"r"
    until(lambda: send_to_child(pid) or reap_code(pid) == 3)
    os.close(reader)
    os.close(writer)


def reap_code(pid: int) -> int | None:
    ended = reap(pid)
    return None if ended is None else ended.code


def test_a_program_that_an_executor_execs_can_be_terminated() -> None:
    def body() -> int:
        set_up_executor("test")
        os.execvp("sleep", ["sleep", "1000"])

    pid = fork_child(body)
    until(lambda: Path(f"/proc/{pid}/comm").read_text() == "sleep\n")
    send_to_child(pid)
    assert until(lambda: reap(pid)).signal == signal.SIGTERM
    send_to_child(pid)  # gone: no error


def test_an_executor_collects_its_garbage_again() -> None:
    gc.disable()
    try:
        assert answer_of(gc.isenabled) is True
    finally:
        gc.enable()


def test_threads_are_noticed() -> None:
    code = (
        "import threading; from rtd.process.fork.fork import other_threads\n"
        "assert other_threads() == []\n"
        "threading.Thread(target=threading.Event().wait, name='mine', daemon=True).start()\n"
        "assert other_threads() == ['mine'], other_threads()"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    assert isinstance(other_threads(), list)


def test_inherited_descriptors_are_closed_but_those_to_keep() -> None:
    code = (
        "import os; from rtd.process.fork.file_descriptors import close_inherited\n"
        "r, w = os.pipe(); os.dup2(w, 900); os.dup2(r, 40)\n"
        "close_inherited([w, 900])\n"
        "fds = {int(f) for f in os.listdir('/proc/self/fd')}\n"
        "assert {0, 1, 2, w, 900} <= fds, fds\n"
        "assert 40 not in fds, fds\n"
        "close_inherited()\n"
        "assert '900' not in os.listdir('/proc/self/fd')"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, close_fds=False)
