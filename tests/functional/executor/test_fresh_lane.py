"""The fresh lane: an executor that forks a process for each run."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rtd.model.output_index import ERR, OUT, RAW
from rtd.model.run_states import RunState
from rtd.process.tree.children import children_of
from rtd.process.tree.process_identity import same_process, start_ticks
from rtd.session import Error, Session, Stopped, progress
from tests.functional.executor.harness import Bench, Executor
from tests.helpers.deadline import until

session = Session()
_seen: list[int] = []


@session.task()
def count() -> tuple[int, int, int]:
    _seen.append(1)
    return len(_seen), os.getpid(), os.getsid(0)


@session.task()
def talk() -> None:
    print("to out")
    print("to err", file=sys.stderr)
    subprocess.run(["echo", "raw"], check=True)


@session.task()
def fail() -> None:
    raise Error("so it is")


@session.task()
def die(how: int) -> None:
    os.kill(os.getpid(), how)
    time.sleep(600)


@session.task()
def vanish(code: int) -> None:
    print("last words", flush=True)
    os._exit(code)


@session.task()
def swallow(begun: str, note: str) -> None:
    try:
        Path(begun).touch()
        while True:
            time.sleep(0.01)  # Python may begin a wait just as a signal comes, and sleep it out
    except Stopped:
        Path(note).write_text("cleaned up")


@session.task()
def daemonise() -> None:
    subprocess.Popen(["setsid", "sleep", "1000"], stdout=subprocess.DEVNULL)


@session.task()
def report() -> None:
    progress(4, 4, "done")


@session.task()
def give(value_bytes: int) -> bytes:
    return b"v" * value_bytes


def test_each_run_has_a_process_a_session_and_globals_of_its_own(bench: Bench) -> None:
    executor = bench.fork("fresh", session)
    ids = bench.submit_many("count", [{}] * 5, "fresh")
    results = [bench.result(bench.ended(i)) for i in ids]
    assert [seen for seen, _, _ in results] == [1] * 5
    pids = {pid for _, pid, _ in results}
    assert len(pids) == 5
    assert executor.pid not in pids
    assert all(pid == sid for _, pid, sid in results)


def test_output_of_the_child_is_the_runs(bench: Bench) -> None:
    bench.fork("fresh", session)
    ids = [bench.submit(task, pool="fresh") for task in ("talk", "count", "talk")]
    loud, silent, again = (bench.ended(i) for i in ids)
    said = [(OUT, "to out\n"), (ERR, "to err\n"), (RAW, "raw\n")]
    assert bench.streams(loud) == bench.streams(again) == said
    assert silent.attempts[0].output is None


def test_an_expected_failure_comes_back_with_its_traceback(bench: Bench) -> None:
    bench.fork("fresh", session)
    record = bench.ended(bench.submit("fail", pool="fresh"))
    assert record.state is RunState.ERROR
    assert record.attempts[0].error is not None
    assert "raise Error" in record.attempts[0].error[2]


def test_a_large_result_comes_back_and_so_does_the_small_one_behind_it(bench: Bench) -> None:
    bench.fork("fresh", session)
    ids = bench.submit_many("give", [{"value_bytes": 900_000}, {"value_bytes": 3}], "fresh")
    large, small = (bench.result(bench.ended(i)) for i in ids)
    assert (len(large), small) == (900_000, b"vvv")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGUSR1])
def test_a_run_that_a_signal_ends_takes_its_executor_with_it(bench: Bench, how: int) -> None:
    executor = bench.fork("fresh", session)
    run_id = bench.submit("die", {"how": how}, "fresh")
    assert bench.exit_code(executor) == -how
    assert (
        bench.board.scan()[0].run_id == run_id
    )  # it was running: the supervisor that settles it knows


@pytest.mark.parametrize("code", [0, 7])
def test_a_run_that_leaves_without_a_word_takes_its_executor_with_it(
    bench: Bench, code: int
) -> None:
    executor = bench.fork("fresh", session)
    run_id = bench.submit("vanish", {"code": code}, "fresh")
    assert bench.exit_code(executor) == code
    assert bench.board.scan()[0].run_id == run_id
    scratch = bench.output / f"x-{executor.id}-0.scratch"
    assert scratch.read_text() == "last words\n"


def test_a_stopped_task_may_clean_up_and_its_executor_lives_on(bench: Bench) -> None:
    executor = bench.fork("fresh", session)
    begun, note = bench.home / "begun", bench.home / "note"
    run_id = bench.submit("swallow", {"begun": str(begun), "note": str(note)}, "fresh")
    until(begun.exists, what="the task")
    bench.ask(run_id)
    record = bench.ended(run_id)
    assert record.state is RunState.TERMINATED
    assert record.end is not None
    assert record.end.by == "tester"
    assert note.read_text() == "cleaned up"
    assert bench.ended(bench.submit("count", pool="fresh")).attempts[0].executor == executor.id


def test_a_stop_while_the_child_is_made_is_not_lost(bench: Bench) -> None:
    bench.fork("fresh", session)
    for n in range(20):
        paths = {"begun": str(bench.home / f"b{n}"), "note": str(bench.home / f"n{n}")}
        run_id = bench.submit("swallow", paths, "fresh")
        bench.ask(run_id)  # as soon as the board shows it
        assert bench.ended(run_id).state is RunState.TERMINATED


def test_processes_that_a_run_leaves_behind_are_ended_and_named(bench: Bench) -> None:
    bench.fork("fresh", session)
    record = bench.ended(bench.submit("daemonise", pool="fresh"))
    assert record.state is RunState.SUCCEEDED
    assert record.end is not None
    assert [name for _, name, _ in record.end.pids or []] == ["sleep 1000"]


def test_progress_is_reported_from_the_child(bench: Bench) -> None:
    executor = bench.fork("fresh", session)
    for _ in range(3):  # the executor's own link is none the worse for it
        assert bench.ended(bench.submit("report", pool="fresh")).state is RunState.SUCCEEDED
    assert bench.ended(bench.submit("count", pool="fresh")).attempts[0].executor == executor.id


def spare(executor: Executor) -> int:
    """The process that an idle executor has ready."""
    return until(lambda: children_of(executor.pid), what="the next run's process")[0]


def test_an_idle_executor_has_the_next_runs_process_ready(bench: Bench) -> None:
    executor = bench.fork("fresh", session)
    for _ in range(3):
        ready = spare(executor)
        record = bench.ended(bench.submit("count", pool="fresh"))
        assert bench.result(record)[1] == ready


def test_a_run_whose_ready_process_was_killed_gets_another(bench: Bench) -> None:
    executor = bench.fork("fresh", session)
    pid = spare(executor)
    ticks = start_ticks(pid)
    assert ticks is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: not same_process(pid, ticks), what="the end of the ready process")
    record = bench.ended(bench.submit("count", pool="fresh"))
    assert record.attempts[0].executor == executor.id


@pytest.mark.parametrize("how", ["killed", "retired"])
def test_the_ready_process_goes_with_its_executor(bench: Bench, how: str) -> None:
    executor = bench.fork("fresh", session)
    pid = spare(executor)
    ticks = start_ticks(pid)
    assert ticks is not None
    if how == "killed":
        os.kill(executor.pid, signal.SIGKILL)
    else:
        bench.retire(executor)
    bench.exit_code(executor)
    until(lambda: not same_process(pid, ticks), what="the end of the ready process")
