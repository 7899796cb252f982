"""Lane `greenlet`: runs as greenlets of gevent in an executor that is patched first."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rtctl import RunFailed
from tests.helpers.daemon import Daemon, DaemonMaker, shared_daemon
from tests.helpers.deadline import until
from tests.helpers.running import (
    client,
    executor_of,
    executors,
    is_alive,
    note_of,
    until_output,
    until_running,
)
from tests.helpers.source import PROGRAMS

pytest.importorskip("gevent")

APP = """
from rtd import Session
session = Session()

@session.task(lane="greenlet")
def version():
    return {}
"""
ONLY_PATCHED = """
from gevent import monkey
if monkey.is_module_patched("socket"):
    raise ImportError("not with gevent")
"""


@pytest.fixture(scope="module")
def greenlets() -> Iterator[Daemon]:
    flags = ["--set", "stop_grace=2s"]
    with shared_daemon("greenlets:session", cwd=PROGRAMS, flags=flags) as daemon:
        yield daemon


def test_only_this_lane_is_patched(greenlets: Daemon) -> None:
    with client(greenlets) as rt:
        assert rt.submit("patched").result(timeout=20) == [True, True, True]
        assert rt.submit("in_process").result(timeout=20) is False


def test_many_runs_share_one_process_and_its_loop(greenlets: Daemon) -> None:
    with client(greenlets) as rt:
        runs = [rt.submit("add", x=x) for x in range(300)]
        runs += [rt.submit("meets", number=number) for number in range(100)]
        found = [run.result(timeout=30) for run in runs]
        assert found == [*range(1, 301), *range(100)]
        assert len(executors(rt, "greenlet")) == 1


def test_a_run_that_waits_for_others_leaves_them_their_turn(greenlets: Daemon) -> None:
    with client(greenlets) as rt:
        runs = [rt.submit("collects", count=5) for _ in range(3)]
        assert [run.result(timeout=30) for run in runs] == [[0, 2, 4, 6, 8]] * 3
        assert len(executors(rt, "greenlet")) == 1


def test_the_example_of_a_class_task_stops_as_it_stands(greenlets: Daemon) -> None:
    with client(greenlets) as rt:
        run = until_running(rt.submit("service"))
        until_output(run, "working")
        run.kill()
        assert run.wait(timeout=20).state == "terminated"
        assert "Traceback" not in "".join(map(str, run.logs()))
        assert note_of(rt, run) == "None"
        with pytest.raises(RunFailed):
            run.result(timeout=1)


@pytest.mark.parametrize("task", ["sleeps", "cleans_up", "naps", "slow init"])
def test_a_stop_is_raised_where_there_is_no_stop_method(greenlets: Daemon, task: str) -> None:
    with client(greenlets) as rt:
        run = until_running(rt.submit(task))
        before = executor_of(rt, run)
        began = time.monotonic()
        run.kill()
        assert run.wait(timeout=20).state == "terminated"
        assert time.monotonic() - began < 1.5, "within the grace"
        if task == "cleans_up":
            assert "cleaned up" in "".join(map(str, run.logs()))
        assert is_alive(before), "the executor goes on"


def test_a_stop_that_raises_ends_the_run_and_is_in_its_record(greenlets: Daemon) -> None:
    with client(greenlets) as rt:
        run = until_running(rt.submit("bad stop"))
        until_output(run, "working")
        run.kill()
        assert run.wait(timeout=20).state == "terminated"
        assert "ValueError: no stop" in note_of(rt, run)


def test_a_stop_may_wait_for_the_greenlet_of_its_run(greenlets: Daemon) -> None:
    with client(greenlets) as rt:
        run = until_running(rt.submit("kills itself"))
        until_output(run, "working")
        before = executor_of(rt, run)
        run.kill()
        assert run.wait(timeout=20).state == "terminated"
        assert note_of(rt, run) == "None"
        assert "stopped" in "".join(map(str, run.logs()))
        assert is_alive(before), "the executor goes on"


def test_many_stops_are_carried_out_at_once(greenlets: Daemon) -> None:
    with client(greenlets) as rt:
        runs = [until_running(rt.submit("sleeps")) for _ in range(50)]
        runs += [until_running(rt.submit("service")) for _ in range(40)]
        for run in runs:
            run.kill()
        assert {run.wait(timeout=20).state for run in runs} == {"terminated"}


def test_greenlets_of_a_run_are_part_of_it(greenlets: Daemon) -> None:
    with client(greenlets) as rt:
        run = rt.submit("children").wait(timeout=20)
        assert run.result(timeout=1) == [run.id] * 3
        output = "".join(map(str, run.logs()))
        assert all(f"child {number}" in output for number in (1, 2, 3))
        assert f"child 4 {run.id}" in output


def test_greenlets_that_a_run_leaves_are_ended_and_named(greenlets: Daemon) -> None:
    with client(greenlets) as rt:
        run = rt.submit("leaves").wait(timeout=20)
        assert run.result(timeout=1) == "left"
        assert "ended 1 greenlet that it left behind: Greenlet-" in note_of(rt, run)
        assert "(do_some_work)" in note_of(rt, run)
        stubborn = rt.submit("leaves_stubborn").wait(timeout=20)
        assert "left 1 greenlet behind: Greenlet-" in note_of(rt, stubborn)


def test_what_gevent_counts_as_a_success_has_no_result(greenlets: Daemon) -> None:
    with client(greenlets) as rt:
        assert rt.submit("returns").result(timeout=20) is None
        assert rt.submit("kills_itself").result(timeout=20) is None


def test_failures_are_as_in_other_lanes(greenlets: Daemon) -> None:
    with client(greenlets) as rt:
        assert rt.submit("fails").wait(timeout=20).state == "exception"
        assert rt.submit("exits_in_child").result(timeout=20) == "still here"
        assert rt.submit("system_error_in_child").result(timeout=20) == "still here"
        run = rt.submit("error_in_child").wait(timeout=20)
        assert "Traceback" not in "".join(map(str, run.logs()))


def test_hooks_of_an_executor_are_called_where_its_runs_are(greenlets: Daemon) -> None:
    with client(greenlets) as rt:
        assert rt.submit("started").result(timeout=20) == [True]


def test_a_run_holds_its_stop_back(greenlets: Daemon) -> None:
    with client(greenlets) as rt:
        run = until_running(rt.submit("holds_back"))
        until_output(run, "held back")
        run.kill()
        assert run.wait(timeout=20).state == "terminated"
        assert "done" in "".join(map(str, run.logs()))


def test_a_child_of_a_run_ends_where_the_code_of_the_task_ends(greenlets: Daemon) -> None:
    with client(greenlets) as rt:
        assert rt.submit("forks").result(timeout=20) == "the parent"
        assert rt.submit("add", x=1).result(timeout=20) == 2


def test_the_process_is_put_right_behind_a_run(greenlets: Daemon) -> None:
    with client(greenlets) as rt:
        run = rt.submit("changes_process").wait(timeout=20)
        assert "changed its process" in note_of(rt, run)
        assert rt.submit("folder").result(timeout=20) == str(PROGRAMS)


def test_a_run_that_closes_all_descriptors_costs_its_executor(start_daemon: DaemonMaker) -> None:
    daemon = start_daemon("greenlets:session", ["--set", "stop_grace=500ms"], PROGRAMS)
    with client(daemon) as rt:
        run = rt.submit("closes_descriptors").wait(timeout=20)
        assert run.state == "succeeded"
        assert "own file descriptors were closed by this run" in note_of(rt, run)
        assert rt.submit("add", x=1).result(timeout=20) == 2
    assert "Traceback" not in daemon.log.read_text()


def test_a_run_that_closes_the_loop_costs_its_executor(start_daemon: DaemonMaker) -> None:
    daemon = start_daemon("greenlets:session", cwd=PROGRAMS)
    with client(daemon) as rt:
        run = rt.submit("closes_loop").wait(timeout=20)
        assert run.state == "lost"
        assert "exited with code 71" in str(run.error)
        assert rt.submit("add", x=1).result(timeout=20) == 2
    assert "Traceback" not in daemon.log.read_text()


SLOW_FILES = """
import gevent
from rtd import Session
from rtd.common.stdlib.originals import time
from rtd.executor.output import scratch_file

session = Session()
find_place = scratch_file.file_place


def find_slowly(fd):
    time.sleep(0.1)
    return find_place(fd)


scratch_file.file_place = find_slowly


@session.task(lane="greenlet")
def writes(seconds):
    print("no end of a line", end="")
    gevent.sleep(seconds)
"""


def test_files_that_are_just_opened_are_not_taken_for_lost(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(SLOW_FILES)
    daemon = start_daemon("app.py", cwd=tmp_path)
    with client(daemon) as rt:
        for _ in range(3):
            runs = [rt.submit("writes", seconds=number / 20) for number in range(5)]
            rt.wait(runs, timeout=20)
            assert [(run.state, note_of(rt, run)) for run in runs] == [("succeeded", "None")] * 5


def test_programs_can_be_started_again_and_again(greenlets: Daemon) -> None:
    with client(greenlets) as rt:
        for _ in range(3):
            run = rt.submit("runs_program")
            assert run.result(timeout=20) == "hello\n"
            assert note_of(rt, run) == "None"
            rt.submit("sleeps_briefly").wait(
                timeout=20
            )  # what the next run finds is examined every 50 ms


def test_a_pool_of_threads_outlives_the_run_that_started_it(greenlets: Daemon) -> None:
    with client(greenlets) as rt:
        assert [rt.submit("uses_pool", number=n).result(timeout=20) for n in range(3)] == [1, 2, 3]


def test_a_run_that_does_not_yield_costs_its_executor(start_daemon: DaemonMaker) -> None:
    daemon = start_daemon("greenlets:session", ["--set", "stop_grace=500ms"], PROGRAMS)
    with client(daemon) as rt:
        run = until_running(rt.submit("computes"))
        until_output(run, "computing")
        run.kill()
        assert run.wait(timeout=20).state == "terminated"
        assert "did not end within its grace" in note_of(rt, run)
        assert rt.submit("add", x=1).result(timeout=20) == 2


def test_a_stop_that_hangs_ends_after_the_grace(start_daemon: DaemonMaker) -> None:
    daemon = start_daemon("greenlets:session", ["--set", "stop_grace=500ms"], PROGRAMS)
    with client(daemon) as rt:
        run = until_running(rt.submit("hanging stop"))
        until_output(run, "working")
        run.kill()
        assert run.wait(timeout=20).state == "terminated"
        assert rt.submit("add", x=1).result(timeout=20) == 2


def test_the_death_of_its_executor_is_noticed(greenlets: Daemon) -> None:
    with client(greenlets) as rt:
        run = until_running(rt.submit("sleeps"))
        began = time.monotonic()
        os.kill(executor_of(rt, run), signal.SIGKILL)
        assert run.wait(timeout=20).state == "lost"
        assert time.monotonic() - began < 2.0
        assert rt.submit("add", x=1).result(timeout=20) == 2


def test_a_loop_that_has_miscounted_what_it_waits_for_goes_on(greenlets: Daemon) -> None:
    with client(greenlets) as rt:
        before = [row["pid"] for row in executors(rt, "greenlet")]
        assert rt.submit("miscounts").result(timeout=20) is None
        assert [rt.submit("add", x=x).result(timeout=20) for x in range(3)] == [1, 2, 3]
        assert [row["pid"] for row in executors(rt, "greenlet")] == before


def test_an_executor_that_fails_says_why_in_the_log(start_daemon: DaemonMaker) -> None:
    daemon = start_daemon("greenlets:session", cwd=PROGRAMS)
    with client(daemon) as rt:
        run = rt.submit("breaks_main").wait(timeout=20)
        assert (run.state, "exited with code 70" in str(run.error)) == ("lost", True)
        assert "ZeroDivisionError: broken" in daemon.log.read_text()
        assert rt.submit("add", x=1).result(timeout=20) == 2


def test_a_reload_reaches_the_lane(start_daemon: DaemonMaker, tmp_path: Path) -> None:
    app = tmp_path / "app.py"
    app.write_text(APP.format(1))
    daemon = start_daemon("app.py", cwd=tmp_path)
    with client(daemon) as rt:
        assert rt.submit("version").result(timeout=20) == 1
        app.write_text(APP.format(2))
        daemon.ok("reload")
        assert rt.submit("version").result(timeout=20) == 2


def test_an_app_that_does_not_import_patched_says_so(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    app = tmp_path / "app.py"
    app.write_text(ONLY_PATCHED + APP.format(1))
    daemon = start_daemon("app.py", cwd=tmp_path)
    sentence = "lane greenlet: its runs wait until a reload: app app.py does not import: "
    until(lambda: sentence in daemon.log.read_text(), what="the log has the fault")
    assert f"ImportError: not with gevent ({app}, line 4)" in daemon.log.read_text()
    with client(daemon) as rt:
        run = rt.submit("version")
        app.write_text(APP.format(2))
        daemon.ok("reload")
        assert run.result(timeout=20) == 2


def test_it_stops_in_order(start_daemon: DaemonMaker) -> None:
    daemon = start_daemon("greenlets:session", ["--set", "stop_grace=1s"], PROGRAMS)
    with client(daemon) as rt:
        run = until_running(rt.submit("service"))
        assert daemon.stop() == 0
        assert run is not None
    assert not daemon.processes()
    assert "did not end" not in daemon.log.read_text()


WITH_MIDDLEWARE = """
from contextlib import contextmanager
import gevent
from rtd import Session, Task, current_run

class Watch:
    def run_task(self, task, run, args, kwargs):
        gevent.sleep(0.01)
        print("before")
        run(*args, **kwargs)
        print("after")
    def process_outcome(self, task, *exc_info):
        gevent.sleep(0.01)
        print("outcome", exc_info[0] and exc_info[0].__name__, current_run().id)

session = Session(middleware=[Watch])

class Work(Task):
    NAME = "work"
    LANE = "greenlet"

    @staticmethod
    @contextmanager
    def provide_context():
        print("context")
        yield

    def __init__(self, number=1):
        self.number = number

    def start(self):
        gevent.sleep(0.01)
        if not self.number:
            raise self.Error("no number")
        return self.number

session.add_task(Work)
"""


def test_what_surrounds_a_run_may_wait_in_its_greenlet(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(WITH_MIDDLEWARE)
    daemon = start_daemon("app.py", cwd=tmp_path)
    with client(daemon) as rt:
        run = rt.submit("work", number=7).wait(timeout=20)
        assert run.result(timeout=1) == 7
        assert [str(line) for line in run.logs()] == [
            "context", "before", "after", f"outcome None {run.id}",
        ]  # fmt: skip
        run = rt.submit("work", number=0).wait(timeout=20)
        assert run.state == "error"
        assert str(list(run.logs())[-1]) == f"outcome Error {run.id}"
        runs = [rt.submit("work", number=number) for number in range(1, 100)]
        assert [one.result(timeout=20) for one in runs] == list(range(1, 100))
