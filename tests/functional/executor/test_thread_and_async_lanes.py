"""Lanes with several runs in one process: each has its own output, stop and outcome."""

import asyncio
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from rtd.model.run_states import RunState
from rtd.session import Session, current_run
from tests.functional.executor.harness import Bench

session = Session()


@session.task(lane="thread")
def thread_meet(meeting: str, parties: int) -> str:
    return meet(meeting, parties)


@session.task()
async def async_meet(meeting: str, parties: int) -> str:
    own = current_run().id
    print("before", own)
    Path(meeting, own).touch()
    while len(os.listdir(meeting)) < parties:
        await asyncio.sleep(0.002)
    print("after", own)
    return own


def meet(meeting: str, parties: int) -> str:
    own = current_run().id
    print("before", own)
    Path(meeting, own).touch()
    while len(os.listdir(meeting)) < parties:
        time.sleep(0.002)
    print("after", own)
    return own


@session.task(lane="thread")
def thread_wait() -> None:
    while True:
        time.sleep(0.002)


@session.task()
async def async_wait() -> None:
    await asyncio.sleep(1000)


@session.task()
async def async_blocks(until: str) -> None:
    while not Path(until).exists():
        time.sleep(0.002)


@session.task()
async def async_uses_a_thread() -> str:
    return await asyncio.to_thread(lambda: current_run().id)


@session.task()
async def async_leaves_a_call() -> None:
    loop = asyncio.get_running_loop()
    loop.run_in_executor(None, time.sleep, 30)
    await asyncio.to_thread(time.sleep, 0.01)


@session.task(lane="thread")
class Polite:
    def __init__(self) -> None:
        self.asked = threading.Event()

    def start(self) -> str:
        self.asked.wait()
        return "asked"

    def stop(self) -> None:
        self.asked.set()


@session.task(lane="thread")
class Rude(Polite):
    def stop(self) -> None:
        super().stop()
        raise SystemExit(7)


@session.task()
async def async_exits_beside() -> None:
    async def exits() -> None:
        raise SystemExit(7)

    await asyncio.create_task(exits())


@session.task(lane="thread")
def thread_fail() -> None:
    raise ValueError("in a thread")


@session.task()
async def async_fail() -> None:
    raise ValueError("in a coroutine")


LANES = ["thread", "async"]


@pytest.mark.parametrize("lane", LANES)
def test_runs_go_on_side_by_side_and_each_has_its_own_output(bench: Bench, lane: str) -> None:
    bench.fork(lane, session, concurrency=4)
    meeting = bench.home / "meeting"
    meeting.mkdir()
    params: dict[str, Any] = {"meeting": str(meeting), "parties": 4}
    ids = bench.submit_many(f"{lane}_meet", [params] * 4, lane)
    for run_id in ids:
        record = bench.ended(run_id)
        assert record.state is RunState.SUCCEEDED
        assert bench.result(record) == run_id
        assert bench.text(record) == f"before {run_id}\nafter {run_id}\n"


@pytest.mark.parametrize("lane", LANES)
def test_a_stop_reaches_one_run_and_no_other(bench: Bench, lane: str) -> None:
    executor = bench.fork(lane, session, concurrency=2)
    first, second = bench.submit_many(f"{lane}_wait", [{}, {}], lane)
    bench.running(second)
    bench.ask(first)
    record = bench.ended(first)
    assert record.state is RunState.TERMINATED
    assert record.end is not None
    assert record.end.by == "tester"
    assert bench.record(second).end is None
    bench.ask(second)
    bench.ended(second)
    bench.retire(executor)
    assert bench.exit_code(executor) == 0


def test_a_coroutine_that_is_stopped_before_its_first_step_ends(
    bench: Bench, tmp_path: Path
) -> None:
    executor = bench.fork("async", session, concurrency=3)
    (busy,) = bench.submit_many("async_blocks", [{"until": str(tmp_path / "go on")}], "async")
    bench.running(busy)
    (late,) = bench.submit_many("async_wait", [{}], "async")
    bench.ask(late)
    (other,) = bench.submit_many("async_wait", [{}], "async")
    bench.running(other)  # the stop waits in the event loop now, behind the start
    (tmp_path / "go on").touch()
    assert bench.ended(late).state is RunState.TERMINATED
    bench.ask(other)
    bench.ended(other)
    bench.retire(executor)
    assert bench.exit_code(executor) == 0


def test_a_run_leaves_no_thread_of_the_loop_behind_but_its_calls_there(bench: Bench) -> None:
    bench.fork("async", session, concurrency=2)
    run_id = bench.submit("async_uses_a_thread", pool="async")
    record = bench.ended(run_id)
    assert bench.result(record) == run_id
    assert record.attempts[-1].note is None
    record = bench.ended(bench.submit("async_leaves_a_call", pool="async"))
    assert "left 1 thread behind: asyncio.to_thread;" in str(record.attempts[-1].note)


def test_a_class_in_a_thread_is_asked_by_its_own_stop(bench: Bench) -> None:
    bench.fork("thread", session, concurrency=2)
    run_id = bench.submit("Polite", pool="thread")
    bench.ask(run_id)
    assert bench.ended(run_id).state is RunState.TERMINATED


def test_an_exception_of_a_stop_ends_no_executor(bench: Bench) -> None:
    executor = bench.fork("thread", session, concurrency=2)
    run_id = bench.submit("Rude", pool="thread")
    bench.running(run_id)
    bench.ask(run_id)
    record = bench.ended(run_id)
    assert record.state is RunState.TERMINATED
    assert bench.ended(bench.submit("thread_fail", pool="thread")).state is RunState.EXCEPTION
    bench.retire(executor)
    assert bench.exit_code(executor) == 0


def test_an_asyncio_task_that_exits_does_not_end_the_loop(bench: Bench) -> None:
    bench.fork("async", session, concurrency=2)
    for task, why in (("async_exits_beside", "SystemExit: 7"), ("async_fail", "ValueError")):
        record = bench.ended(bench.submit(task, pool="async"))
        assert record.end is not None
        assert record.end.why.startswith(why)


@pytest.mark.parametrize("lane", LANES)
def test_a_failure_is_the_run_s_own(bench: Bench, lane: str) -> None:
    bench.fork(lane, session, concurrency=2)
    record = bench.ended(bench.submit(f"{lane}_fail", pool=lane))
    assert record.state is RunState.EXCEPTION
    assert record.end is not None
    assert record.end.why.startswith("ValueError: in a")


@pytest.mark.parametrize("lane", LANES)
def test_more_runs_than_slots_all_end(bench: Bench, lane: str) -> None:
    bench.fork(lane, session, concurrency=3)
    meeting = bench.home / "meeting"
    meeting.mkdir()
    params: dict[str, Any] = {"meeting": str(meeting), "parties": 1}
    ids = bench.submit_many(f"{lane}_meet", [params] * 50, lane)
    assert {bench.ended(i).state for i in ids} == {RunState.SUCCEEDED}
