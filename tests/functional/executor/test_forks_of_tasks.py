"""What a task forks is a plain Python program: signals, wake-up descriptor, alarms, output."""

import asyncio
import multiprocessing
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

from rtd.model.run_states import RunState
from rtd.session import Session
from tests.functional.executor.harness import Bench

session = Session()
LANES = ["process", "fresh", "thread", "main"]
#: Prints what a program finds that was started by a task.
PLAIN = (
    "import signal; print(sorted(int(n) for n in signal.valid_signals()"
    " if signal.getsignal(n) not in (signal.SIG_DFL, None)),"
    " [int(n) for n in signal.pthread_sigmask(0, [])],"
    " [signal.getitimer(n)[0] for n in range(3)], signal.set_wakeup_fd(-1))"
)


def plain_state() -> str:
    """Return what `PLAIN` prints, for this very process."""
    odd = [n for n in signal.valid_signals() if signal.getsignal(n) not in (signal.SIG_DFL, None)]
    mask = [int(n) for n in signal.pthread_sigmask(signal.SIG_BLOCK, [])]
    timers = [signal.getitimer(n)[0] for n in range(3)]
    return f"{sorted(map(int, odd))} {mask} {timers} {signal.set_wakeup_fd(-1)}"


def told_by_child(fork: Callable[[], int]) -> str:
    """Return the state of a child that `fork` makes, as the child tells it through a pipe."""
    reader, writer = os.pipe()
    pid = fork()
    if pid == 0:
        os.write(writer, plain_state().encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(pid, 0)
    with os.fdopen(reader) as pipe:
        return pipe.read()


def _pty_fork() -> int:
    pid, _ = pty.fork()
    return pid


def _within(method: str) -> str:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method)) as pool:
        return pool.submit(plain_state).result()


def _spawned(**options: Any) -> str:
    return subprocess.run(
        [sys.executable, "-c", PLAIN], capture_output=True, text=True, check=True, **options
    ).stdout.strip()


def _posix_spawn() -> str:
    reader, writer = os.pipe()
    actions = [(os.POSIX_SPAWN_DUP2, writer, 1)]
    pid = os.posix_spawn(
        sys.executable, [sys.executable, "-c", PLAIN], os.environ, file_actions=actions
    )
    os.close(writer)
    os.waitpid(pid, 0)
    with os.fdopen(reader) as pipe:
        return pipe.read().strip()


async def _by_asyncio() -> str:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PLAIN, stdout=subprocess.PIPE
    )
    return (await child.communicate())[0].decode().strip()


WAYS: dict[str, Callable[[], str]] = {
    "os.fork": lambda: told_by_child(os.fork),
    "pty.fork": lambda: told_by_child(_pty_fork),
    "multiprocessing fork": lambda: _within("fork"),
    "multiprocessing spawn": lambda: _within("spawn"),
    "multiprocessing forkserver": lambda: _within("forkserver"),
    "subprocess": _spawned,
    "preexec_fn": lambda: _spawned(preexec_fn=os.getpid),
    "new session": lambda: _spawned(start_new_session=True),
    "os.posix_spawn": _posix_spawn,
    "asyncio": lambda: asyncio.run(_by_asyncio()),
}


def fork_by(way: str) -> str:
    """Return the state of a child that is made in this way."""
    return WAYS[way]()


def end_child(method: str) -> list[Any]:
    """Terminate a child as programs do. Returns its exit code and that of a program."""
    child = multiprocessing.get_context(method).Process(target=time.sleep, args=(60,))
    child.start()
    child.terminate()
    child.join(3)
    program = subprocess.Popen(["sleep", "60"])
    program.send_signal(signal.SIGINT)
    return [child.exitcode, program.wait(3)]


def interrupt_fork() -> str:
    """Return what a Ctrl-C is in a fork."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            os.write(writer, b"KeyboardInterrupt")
        os._exit(0)
    os.close(writer)
    os.waitpid(pid, 0)
    with os.fdopen(reader) as pipe:
        return pipe.read()


def talk_in_fork(pending: bool) -> None:
    """Write in turns with a forked child, by the text stream."""
    if pending:
        print("never ended", end="")
    children = []
    for number in range(20):
        pid = os.fork()
        if pid == 0:
            for line in range(20):
                print(f"child {number} {line}")
                print(f"child err {number} {line}", file=sys.stderr)
            os._exit(0)
        children.append(pid)
        for line in range(20):
            print(f"parent {number} {line}")
            print(f"parent err {number} {line}", file=sys.stderr)
    for pid in children:
        os.waitpid(pid, 0)


for lane in LANES:
    options: dict[str, Any] = {"fresh": True} if lane == "fresh" else {"lane": lane}
    for body in (fork_by, end_child, interrupt_fork, talk_in_fork):
        session.task(name=f"{body.__name__}-{lane}", **options)(body)


def outcome(bench: Bench, name: str, lane: str, **params: Any) -> Any:
    """Carry out one run and return its result."""
    bench.fork(lane, session)
    record = bench.ended(bench.submit(f"{name}-{lane}", params, pool=lane), within_s=60)
    assert record.state is RunState.SUCCEEDED, record.attempts[-1].error
    return bench.result(record)


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("way", WAYS)
def test_what_a_task_starts_has_the_signals_of_a_plain_program(
    bench: Bench, way: str, lane: str
) -> None:
    plain = subprocess.run(
        [sys.executable, "-c", PLAIN], capture_output=True, text=True, check=True
    )
    expected = plain.stdout.strip()
    if way == "multiprocessing forkserver":  # it ignores SIGINT by itself, and reads SIGCHLD
        expected = expected.replace("[2, ", "[")
    found = outcome(bench, "fork_by", lane, way=way)
    assert found.replace("[2, ", "[") == expected.replace("[2, ", "[")
    assert found.count("[2, ") == 1


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_child_of_a_task_ends_by_the_signals_that_it_gets(
    bench: Bench, method: str, lane: str
) -> None:
    result = outcome(bench, "end_child", lane, method=method)
    assert result == [-signal.SIGTERM, -signal.SIGINT]


@pytest.mark.parametrize("lane", LANES)
def test_a_ctrl_c_in_a_fork_is_a_keyboard_interrupt(bench: Bench, lane: str) -> None:
    assert outcome(bench, "interrupt_fork", lane) == "KeyboardInterrupt"


@pytest.mark.parametrize("pending", [False, True])
@pytest.mark.parametrize("lane", LANES)
def test_parent_and_forks_write_whole_lines_and_the_parents_keep_their_stream(
    bench: Bench, lane: str, pending: bool
) -> None:
    bench.fork(lane, session)
    run = bench.submit(f"talk_in_fork-{lane}", {"pending": pending}, pool=lane)
    record = bench.ended(run, within_s=60)
    assert record.state is RunState.SUCCEEDED, record.attempts[-1].error
    parts = bench.streams(record)
    lines = "".join(text for _, text in parts).splitlines()
    shown = [line.removeprefix("never ended") for line in lines]
    assert sorted(shown) == sorted(
        f"{who}{number} {line}"
        for who in ("child ", "child err ", "parent ", "parent err ")
        for number in range(20)
        for line in range(20)
    )
    assert sum(line.startswith("never ended") for line in lines) == pending
    for stream, who in ((1, "parent "), (2, "parent err ")):
        text = "".join(text for number, text in parts if number == stream)
        own = [f"{who}{number} {line}" for number in range(20) for line in range(20)]
        assert [line.removeprefix("never ended") for line in text.splitlines()] == own
