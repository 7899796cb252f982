"""Output is that of the run and the stream that wrote it, whole, whichever thread wrote it."""

import asyncio
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any

import pytest

from rtd.model.output_index import ERR, OUT
from rtd.model.run_record import RunRecord
from rtd.model.run_states import RunState
from rtd.session import Session, current_run, progress
from tests.functional.executor.harness import Bench
from tests.helpers.deadline import until

session = Session()
LANES = ["process", "fresh", "thread", "main"]
pool = ThreadPoolExecutor(2)


def _print_lines(name: str, count: int) -> None:
    for line in range(count):
        print(f"out {name} {line}")
        print(f"err {name} {line}", file=sys.stderr)


def print_in_threads(count: int) -> None:
    """Print from many threads to both streams, with many switches between them."""
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    threads = [
        threading.Thread(target=_print_lines, args=(str(n), count), name=f"t{n}") for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(interval_s)


def _be_part(found: list[Any]) -> None:
    found.append(current_run().id)
    print("in thread")
    progress(1, 2, "from a thread")


def use_threads(way: str) -> list[Any]:
    """Return the ids of the run, as code in other threads finds it."""
    found: list[Any] = [current_run().id]
    if way == "Thread":
        threads = [threading.Thread(target=_be_part, args=(found,))]
        threads[0].start()
        threads[0].join()
    elif way == "subclass":
        worker = _Worker(found)
        worker.start()
        worker.join()
    elif way == "Timer":
        timer = threading.Timer(0.01, _be_part, (found,))
        timer.start()
        timer.join()
    elif way == "executor":
        with ThreadPoolExecutor(2) as own:
            own.submit(_be_part, found).result()
    elif way == "executor of the app":
        pool.submit(_be_part, found).result()
    elif way == "map":
        list(pool.map(_be_part, [found]))
    elif way == "ThreadPool":
        with ThreadPool(1) as other:
            other.apply(_be_part, (found,))
    elif way == "thread in a thread":
        pool.submit(use_threads, "Thread").result()
        found += use_threads("Thread")[1:]
    elif way == "asyncio":
        asyncio.run(_by_asyncio(found))
    return found


def report(gate: str) -> None:
    """Report progress from a thread, and wait."""
    pool.submit(_be_part, []).result()
    while not Path(gate).exists():
        time.sleep(0.001)


class _Worker(threading.Thread):
    def __init__(self, found: list[Any]) -> None:
        super().__init__(name="worker")
        self.found = found

    def run(self) -> None:
        _be_part(self.found)


async def _by_asyncio(found: list[Any]) -> None:
    await asyncio.get_running_loop().run_in_executor(None, _be_part, found)
    await asyncio.to_thread(lambda: None)


WAYS = [
    "Thread", "subclass", "Timer", "executor", "executor of the app", "map", "ThreadPool",
    "thread in a thread", "asyncio",
]  # fmt: skip


def leave_thread(gate: str) -> None:
    """Leave a thread behind that prints when the gate is there."""

    has_begun = threading.Event()

    def wait_and_print() -> None:
        print("begun")
        sys.stdout.write("pending")
        sys.stdout.flush()
        has_begun.set()
        while not Path(gate).exists():
            time.sleep(0.001)
        print("too late")
        progress(7, 9, "too late")
        print("too late", file=sys.stderr)
        Path(f"{gate}.printed").touch()

    threading.Thread(target=wait_and_print, name="stays", daemon=True).start()
    assert has_begun.wait(20)


def print_after(gate: str) -> None:
    """Print, and let the thread of another run print meanwhile."""
    print("mine")
    Path(gate).touch()
    deadline = time.monotonic() + 10
    while not Path(f"{gate}.printed").exists() and time.monotonic() < deadline:
        time.sleep(0.001)
    print("mine, too")


for lane in LANES:
    options: dict[str, Any] = {"fresh": True} if lane == "fresh" else {"lane": lane}
    for body in (print_in_threads, use_threads, leave_thread, print_after, report):
        session.task(name=f"{body.__name__}-{lane}", **options)(body)


@session.task(name="leave_thread-async", lane="async")
async def leave_task(gate: str) -> None:
    """Leave an asyncio task behind."""

    async def stays() -> None:
        print("begun")
        while not Path(gate).exists():
            await asyncio.sleep(0.001)
        print("too late")
        progress(7, 9, "too late")
        print("too late", file=sys.stderr)
        Path(f"{gate}.printed").touch()

    kept.append(asyncio.create_task(stays(), name="stays"))
    await asyncio.sleep(0.01)


@session.task(name="print_after-async", lane="async")
async def print_while(gate: str) -> None:
    """Print, and let the task of another run print meanwhile."""
    print("mine")
    Path(gate).touch()
    while not Path(f"{gate}.printed").exists():
        await asyncio.sleep(0.001)
    print("mine, too")


kept: list[Any] = []


def carry_out(bench: Bench, name: str, lane: str, **params: Any) -> RunRecord:
    record = bench.ended(bench.submit(f"{name}-{lane}", params, pool=lane), within_s=60)
    assert record.state is RunState.SUCCEEDED, record.attempts[-1].error
    return record


@pytest.mark.parametrize("lane", LANES)
def test_lines_of_many_threads_are_whole_and_of_their_stream(bench: Bench, lane: str) -> None:
    bench.fork(lane, session)
    parts = bench.streams(carry_out(bench, "print_in_threads", lane, count=200))
    for stream, who in ((OUT, "out"), (ERR, "err")):
        lines = "".join(text for number, text in parts if number == stream).splitlines()
        assert sorted(lines) == sorted(f"{who} {n} {line}" for n in range(8) for line in range(200))
        for number in range(8):
            own = [line for line in lines if line.startswith(f"{who} {number} ")]
            assert own == [f"{who} {number} {line}" for line in range(200)]
    assert all(text.endswith("\n") for _, text in parts), "each entry of the index is whole lines"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("lane", LANES)
def test_threads_that_a_run_starts_are_part_of_it(bench: Bench, lane: str, way: str) -> None:
    bench.fork(lane, session)
    carry_out(bench, "print_in_threads", lane, count=1)  # another run used the process before
    run = bench.submit(f"use_threads-{lane}", {"way": way}, pool=lane)
    record = bench.ended(run)
    assert record.state is RunState.SUCCEEDED, record.attempts[-1].error
    assert set(bench.result(record)) == {run}
    text = bench.text(record)
    assert text.count("in thread\n") == (2 if way == "thread in a thread" else 1)


@pytest.mark.parametrize("lane", ["process", "thread", "main", "async"])
def test_what_a_run_leaves_behind_is_named_and_prints_to_the_daemons_log(
    bench: Bench, capfd: pytest.CaptureFixture[str], tmp_path: Path, lane: str
) -> None:
    bench.fork(lane, session)
    gate = str(tmp_path / "gate")
    record = carry_out(bench, "leave_thread", lane, gate=gate)
    assert "stays" in str(record.attempts[-1].note)
    assert "behind" in str(record.attempts[-1].note)
    other = carry_out(bench, "print_after", lane, gate=gate)
    assert bench.text(other) == "mine\nmine, too\n"
    assert other.attempts[-1].note is None
    seen = ""

    def printed() -> bool:
        nonlocal seen
        found = capfd.readouterr()
        seen += found.out + found.err
        return seen.count("too late") == 2

    until(printed, what="what was left behind prints to the log")


@pytest.mark.parametrize("lane", ["process", "thread"])
def test_progress_of_a_thread_is_that_of_its_run(bench: Bench, tmp_path: Path, lane: str) -> None:
    bench.fork(lane, session)
    gate = tmp_path / "gate"
    run = bench.submit(f"report-{lane}", {"gate": str(gate)}, pool=lane)

    def is_reported() -> bool:
        return "from a thread" in str(bench.link.execute(bench.calls.get_progress()).get(run))

    until(is_reported, what="the progress")
    gate.touch()
    assert bench.ended(run).state is RunState.SUCCEEDED
