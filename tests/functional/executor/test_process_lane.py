"""The process lane: one run at a time in a forked process."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rtd.common.ids import new_id, to_words
from rtd.model.output_index import ERR, OUT, RAW
from rtd.model.run_record import encode_record
from rtd.model.run_states import RunState
from rtd.session import Error, Session, Stopped, current_run, progress
from rtd.store.commands import keys
from rtd.store.commands.arguments import Submission
from tests.functional.executor.harness import Bench
from tests.helpers.deadline import until

session = Session()


@session.task()
def add(a: int, b: int = 1) -> int:
    return a + b


@session.task()
def talk() -> None:
    print("to out")
    print("to err", file=sys.stderr)
    subprocess.run(["echo", "raw"], check=True)
    print("no line end", end="")


@session.task()
def fail(kind: str) -> None:
    raise {"expected": Error, "other": ValueError, "exit": SystemExit}[kind]("so it is")


@session.task(retries=2, backoff=0.02)
def third_time() -> int:
    attempt = current_run().attempt
    if attempt < 3:
        raise Error(f"attempt {attempt}")
    return attempt


@session.task(retries=5, backoff=0.02, no_retry_on=[KeyError])
def not_again() -> None:
    raise KeyError("k")


@session.task()
def hold(gate: str) -> str:
    with open(gate, "rb") as fifo:
        return fifo.read().decode()


@session.task()
def spin() -> None:
    while True:
        pass


@session.task()
def swallow(note: str) -> None:
    try:
        while True:
            time.sleep(60)
    except Stopped:
        Path(note).write_text("cleaned up")


@session.task()
class Polite:
    def __init__(self, note: str) -> None:
        self.note = note
        self.ends = False

    def start(self) -> str:
        Path(self.note).write_text("begun")
        while not self.ends:
            time.sleep(0.005)
        Path(self.note).write_text("asked")
        return "ended by itself"

    def stop(self) -> None:
        self.ends = True


@session.task()
def daemonise() -> None:
    subprocess.Popen(["setsid", "sleep", "1000"], stdout=subprocess.DEVNULL)


@session.task()
def write(count: int) -> None:
    line = "x" * 99
    for _ in range(count // 100):
        print(line)


@session.task()
def report() -> None:
    progress(1, 4, "first")
    progress(2, 4, "too soon after it")
    progress(4, 4, "done")


@session.task()
def give(value_bytes: int) -> bytes:
    return b"v" * value_bytes


@session.task()
def give_object() -> dict[str, object]:
    return {"rows": [1, object()]}


def test_a_result_comes_back(bench: Bench) -> None:
    bench.fork("process", session)
    record = bench.ended(bench.submit("add", {"a": 2, "b": 3}))
    assert (record.state, bench.result(record)) == (RunState.SUCCEEDED, 5)
    assert record.end is not None
    assert record.end.by == "task"


def test_output_is_kept_in_order_and_its_streams_are_told_apart(bench: Bench) -> None:
    bench.fork("process", session)
    record = bench.ended(bench.submit("talk"))
    assert bench.streams(record) == [
        (OUT, "to out\n"),
        (ERR, "to err\n"),
        (RAW, "raw\n"),
        (OUT, "no line end"),
    ]


def test_a_silent_run_after_a_loud_one_has_no_output(bench: Bench) -> None:
    bench.fork("process", session)
    loud, silent = bench.submit("talk"), bench.submit("add", {"a": 1})
    assert bench.text(bench.ended(loud)).startswith("to out")
    assert bench.ended(silent).attempts[0].output is None


def test_large_output_becomes_a_file_of_its_own_and_the_next_run_has_its_own_again(
    bench: Bench,
) -> None:
    bench.fork("process", session)
    large, small = bench.submit("write", {"count": 3_000_000}), bench.submit("talk")
    record = bench.ended(large)
    assert record.attempts[0].output is not None
    assert record.attempts[0].output[0] == f"{large}.1.out"
    assert len(bench.text(record)) == 3_000_000
    assert bench.text(bench.ended(small)).endswith("raw\nno line end")


def test_output_beyond_the_limit_is_counted_and_the_run_goes_on(bench: Bench) -> None:
    bench.fork("process", session, run_limit_bytes=1000)
    record = bench.ended(bench.submit("write", {"count": 5000}))
    assert record.state is RunState.SUCCEEDED
    assert len(bench.text(record)) == 1000
    assert record.attempts[0].output is not None
    assert record.attempts[0].output[4] == 4000
    assert "3.9 KB of output lost" in (record.attempts[0].note or "")


def test_an_expected_error_and_an_unexpected_exception_are_two_states(bench: Bench) -> None:
    bench.fork("process", session)
    states = {
        kind: bench.ended(bench.submit("fail", {"kind": kind})).state
        for kind in ("expected", "other", "exit")
    }
    assert states == {
        "expected": RunState.ERROR,
        "other": RunState.EXCEPTION,
        "exit": RunState.EXCEPTION,
    }


def test_a_traceback_begins_in_the_task(bench: Bench) -> None:
    bench.fork("process", session)
    record = bench.ended(bench.submit("fail", {"kind": "other"}))
    assert record.end is not None
    assert record.end.why == "ValueError: so it is"
    assert record.attempts[0].error is not None
    lines = record.attempts[0].error[2].splitlines()
    assert lines[1].strip().startswith(f'File "{__file__}"')


def test_retries_add_attempts_to_the_same_run(bench: Bench) -> None:
    bench.fork("process", session)
    record = bench.ended(bench.submit("third_time"))
    assert [a.state for a in record.attempts] == [
        RunState.ERROR,
        RunState.ERROR,
        RunState.SUCCEEDED,
    ]
    assert bench.result(record) == 3


def test_an_exception_that_is_never_retried_fails_at_once(bench: Bench) -> None:
    bench.fork("process", session)
    assert len(bench.ended(bench.submit("not_again")).attempts) == 1


def test_a_stop_reaches_a_task_that_computes(bench: Bench) -> None:
    bench.fork("process", session)
    run_id = bench.submit("spin")
    bench.ask(run_id)
    record = bench.ended(run_id)
    assert record.state is RunState.TERMINATED
    assert record.end is not None
    assert (record.end.by, record.end.why) == ("tester", "the test wants it")


def test_a_stopped_task_may_clean_up_and_its_executor_lives_on(bench: Bench) -> None:
    executor = bench.fork("process", session)
    note = bench.home / "note"
    run_id = bench.submit("swallow", {"note": str(note)})
    bench.ask(run_id)
    assert bench.ended(run_id).state is RunState.TERMINATED
    assert note.read_text() == "cleaned up"
    after = bench.ended(bench.submit("add", {"a": 1}))
    assert after.attempts[0].executor == executor.id


def test_a_class_is_asked_by_its_own_stop(bench: Bench) -> None:
    bench.fork("process", session)
    note = bench.home / "note"
    run_id = bench.submit("Polite", {"note": str(note)})
    until(note.exists, what="start has begun: before that there is no stop")
    bench.ask(run_id)
    record = bench.ended(run_id)
    assert (record.state, note.read_text()) == (RunState.TERMINATED, "asked")


def test_a_drained_run_goes_back_into_its_queue(bench: Bench) -> None:
    executor = bench.fork("process", session)
    run_id = bench.submit("swallow", {"note": str(bench.home / "note")})
    bench.running(run_id)
    for slot in executor.slots:
        bench.board.set_retire(slot)
    bench.ask(run_id, then="requeue")
    assert bench.exit_code(executor) == 0
    record = bench.record(run_id)
    assert record.state is RunState.QUEUED
    assert [a.state for a in record.attempts] == [RunState.TERMINATED]


def test_processes_that_a_run_leaves_behind_end_with_it(bench: Bench) -> None:
    bench.fork("process", session)
    record = bench.ended(bench.submit("daemonise"))
    assert record.state is RunState.SUCCEEDED
    assert record.end is not None
    assert record.end.pids is not None
    (pid, name, how) = record.end.pids[0]
    assert (name, how) == ("sleep 1000", "SIGKILL") or name == "setsid sleep"
    assert not Path(f"/proc/{pid}").exists()


def test_an_idle_executor_retires(bench: Bench) -> None:
    executor = bench.fork("process", session)
    bench.ended(bench.submit("add", {"a": 1}))
    bench.retire(executor)
    assert bench.exit_code(executor) == 0


def test_a_busy_executor_retires_after_its_run(bench: Bench) -> None:
    executor = bench.fork("process", session)
    gate = bench.home / "gate"
    os.mkfifo(gate)
    run_id = bench.submit("hold", {"gate": str(gate)})
    bench.running(run_id)
    bench.retire(executor)
    gate.write_text("go on")
    assert bench.exit_code(executor) == 0
    assert bench.result(bench.record(run_id)) == "go on"


def test_an_executor_ends_after_so_many_runs(bench: Bench) -> None:
    executor = bench.fork("process", session, max_runs=2)
    ids = bench.submit_many("add", [{"a": 1}] * 3)
    assert bench.exit_code(executor) == 0
    states = sorted(bench.record(i).state for i in ids)
    assert states == [RunState.QUEUED, RunState.SUCCEEDED, RunState.SUCCEEDED]


def test_an_executor_without_work_ends_by_itself(bench: Bench) -> None:
    executor = bench.fork("process", session, idle_s=0.1)
    assert bench.exit_code(executor) == 0


def test_runs_behind_one_that_takes_unexpectedly_long_are_given_back(bench: Bench) -> None:
    gate = bench.home / "gate"
    os.mkfifo(gate)
    bench.fork("process", session)
    for run_id in bench.submit_many("add", [{"a": 1}] * 300):
        bench.ended(run_id)  # from now on it takes many at once
    held = bench.submit("hold", {"gate": str(gate)})
    others = bench.submit_many("add", [{"a": 2}] * 20)
    bench.running(held)
    bench.fork("process", session)
    assert {bench.ended(i).state for i in others} == {RunState.SUCCEEDED}
    gate.write_text("")
    assert bench.ended(held).state is RunState.SUCCEEDED


def test_progress_is_thinned_out_but_the_last_report_counts(bench: Bench) -> None:
    bench.fork("process", session)
    gate = bench.home / "gate"
    os.mkfifo(gate)
    bench.ended(bench.submit("report"))
    assert bench.link.execute(bench.calls.get_progress()) == {}


def test_a_result_beyond_the_limit_is_an_exception_that_says_so(bench: Bench) -> None:
    bench.fork("process", session, result_limit_bytes=1000)
    record = bench.ended(bench.submit("give", {"value_bytes": 2000}))
    assert record.state is RunState.EXCEPTION
    assert record.end is not None
    assert "the result has 2.0 KB, the limit is 1000 B" in record.end.why


def test_a_result_that_cannot_be_stored_names_its_place(bench: Bench) -> None:
    bench.fork("process", session)
    record = bench.ended(bench.submit("give_object"))
    assert record.end is not None
    assert "the result.rows[1]" in record.end.why


def test_a_task_that_the_app_does_not_have_is_named(bench: Bench) -> None:
    bench.fork("process", session)
    record = bench.ended(bench.submit("renamed"))
    assert record.state is RunState.EXCEPTION
    assert record.end is not None
    assert "'renamed'" in record.end.why


def test_a_run_that_expired_is_not_started(bench: Bench) -> None:
    run_id = bench.submit("add", {"a": 1}, expires_s=0.0)
    bench.fork("process", session)
    record = bench.ended(run_id)
    assert (record.state, record.attempts) == (RunState.CANCELLED, ())


def test_the_board_names_the_run_and_its_deadline(bench: Bench) -> None:
    executor = bench.fork("process", session)
    run_id = bench.submit("swallow", {"note": str(bench.home / "note")}, timeout_s=60.0)
    seen = bench.running(run_id)
    assert (seen.exec_id, seen.run_words) == (executor.id, to_words(run_id))
    assert seen.deadline_ns - seen.started_ns == 60_000_000_000
    bench.ask(run_id)
    bench.ended(run_id)
    until(lambda: not bench.board.scan(), what="an empty board")


@session.task()
def fork_and_return() -> str:
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
        return "parent"
    return "child"


@session.task()
def fork_and_raise() -> str:
    pid = os.fork()
    if pid:
        return str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    raise ValueError("in the child")


class Mute(Exception):
    def __str__(self) -> str:
        raise SystemExit("even this")


@session.task()
def raise_mute() -> None:
    raise Mute


@pytest.mark.parametrize("pool", ["process", "fresh"])
def test_a_fork_that_returns_from_the_task_does_not_become_an_executor(
    bench: Bench, pool: str
) -> None:
    executor = bench.fork(pool, session)
    record = bench.ended(bench.submit("fork_and_return", pool=pool))
    assert bench.result(record) == "parent"
    record = bench.ended(bench.submit("fork_and_raise", pool=pool))
    assert (record.state, bench.result(record)) == (RunState.SUCCEEDED, "1")
    assert "ValueError: in the child" in bench.text(record)
    after = bench.ended(bench.submit("add", {"a": 1}, pool=pool))
    assert after.attempts[0].executor == executor.id


def test_an_exception_without_words_is_an_exception(bench: Bench) -> None:
    bench.fork("process", session)
    record = bench.ended(bench.submit("raise_mute"))
    assert record.state is RunState.EXCEPTION
    assert record.attempts[0].error is not None
    assert record.attempts[0].error[1] == "(its __str__ raised SystemExit)"


def test_a_run_due_in_years_does_not_disturb_those_who_wait(bench: Bench) -> None:
    far_ms = int((time.time() + 9000 * 86400) * 1000)
    blob = encode_record(bench.record(bench.submit("add", {"a": 1})))
    late = Submission(new_id(), blob, "", far_ms, 0)
    late = late._replace(item=late.id)
    place = keys.place("process", "default", 0)
    bench.link.execute_all(bench.calls.submit("n", place, "add", 1, [late]))
    executor = bench.fork("process", session)
    for _ in range(2):
        record = bench.ended(bench.submit("add", {"a": 1}))
        assert record.attempts[0].executor == executor.id
