"""Guarantees when an executor or Redis dies at the wrong moment."""

import os
import signal

import msgpack
import pytest

from rtd.model import outcome_spool
from rtd.model.run_record import RunEnd, encode_record, with_end
from rtd.model.run_states import RunState
from rtd.session import Session, current_run
from rtd.store.commands.arguments import LeaseOutcome
from rtd.store.connection.blocking import RedisConnection
from rtd.store.connection.command import RedisCommand
from tests.functional.executor.harness import Bench
from tests.helpers.deadline import until

session = Session()


@session.task()
def add(a: int) -> int:
    return a + 1


@session.task()
def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@session.task()
def hold(gate: str) -> str:
    with open(gate, "rb") as fifo:
        return fifo.read().decode()


@session.task()
def sign(book: str) -> None:
    with open(book, "a") as file:
        file.write(current_run().id + "\n")


def test_finished_runs_of_a_batch_are_in_the_spool_of_a_killed_executor(bench: Bench) -> None:
    executor = bench.fork("process", session)
    for run_id in bench.submit_many("add", [{"a": 1}] * 300):
        bench.ended(run_id)  # from now on it takes many at once
    gate = bench.home / "gate"
    os.mkfifo(gate)
    holding = bench.submit("hold", {"gate": str(gate)})
    bench.running(holding)
    finished = bench.submit_many("add", [{"a": 1}] * 20)
    bench.submit("die")
    gate.write_text("go on")
    assert bench.exit_code(executor) == -signal.SIGKILL
    blobs = outcome_spool.read_spool(bench.output / f"x-{executor.id}.spool")
    kept = {msgpack.unpackb(blob)[0] for blob in blobs}
    written = {i for i in finished if bench.record(i).end is not None}
    assert kept | written == set(finished)


def test_an_executor_whose_lease_was_taken_cannot_write_when_it_wakes_up(bench: Bench) -> None:
    executor = bench.fork("process", session)
    gate = bench.home / "gate"
    os.mkfifo(gate)
    run_id = bench.submit("hold", {"gate": str(gate)})
    bench.running(run_id)
    os.kill(executor.pid, signal.SIGSTOP)
    (orphan,) = bench.link.execute(bench.calls.fence("n", executor.id))
    record = bench.record(run_id)
    lost = with_end(record, RunState.LOST, RunEnd(1.0, None, "rtd", "declared dead", None))
    settled = LeaseOutcome(orphan.id, "hold", "d", encode_record(lost))
    assert (
        bench.link.execute(bench.calls.settle("n", executor.id, 1, b"\x90", 100, [settled])) == []
    )
    os.kill(executor.pid, signal.SIGCONT)
    gate.write_text("too late")
    assert bench.exit_code(executor) == 2
    assert bench.record(run_id) == lost


def test_nothing_is_lost_and_nothing_runs_twice_when_redis_is_killed(bench: Bench) -> None:
    book = bench.home / "book"
    for _ in range(2):
        bench.fork("process", session)
    ids: list[str] = []
    for _ in range(4):
        ids += bench.submit_many("sign", [{"book": str(book)}] * 500)
        until(book.exists, what="the first run")
        _kill_redis(bench)
        bench.redis.start()
        bench.link = RedisConnection.connect(bench.redis.url)
    for run_id in ids:
        assert bench.ended(run_id, within_s=30).state is RunState.SUCCEEDED
    signed = book.read_text().split()
    assert sorted(signed) == sorted(ids)


@pytest.mark.parametrize("lane", ["process", "fresh", "thread", "async"])
def test_a_run_handed_over_while_its_executor_connects_again_runs_once(
    bench: Bench, lane: str
) -> None:
    book = bench.home / "book"
    executor = bench.fork(lane, session)
    before = bench.submit("sign", {"book": str(book)}, lane)
    bench.ended(before)
    is_idle = RedisCommand(("SISMEMBER", bench.calls.prefix + f"idle:{lane}", executor.id))
    until(lambda: bench.link.execute(is_idle), what="the executor is idle")
    os.kill(executor.pid, signal.SIGSTOP)
    bench.link.execute(RedisCommand(("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")))
    handed = bench.submit("sign", {"book": str(book)}, lane)
    os.kill(executor.pid, signal.SIGCONT)
    bench.ended(handed)
    after = bench.submit("sign", {"book": str(book)}, lane)
    bench.ended(after)
    assert book.read_text().split() == [before, handed, after]


def _kill_redis(bench: Bench) -> None:
    os.kill(bench.link.execute(RedisCommand(("INFO", "server"), parse=_pid)), signal.SIGKILL)
    bench.link.close()
    bench.redis.stop()


def _pid(reply: bytes) -> int:
    (line,) = [line for line in reply.decode().splitlines() if line.startswith("process_id:")]
    return int(line.partition(":")[2])
