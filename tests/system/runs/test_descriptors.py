"""Many runs in one process and the descriptors that they need: limits, output, what is missing."""

import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.helpers.daemon import BIN, Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client, note_of, until_running
from tests.helpers.source import PROGRAMS

RUNS = 400
FLAGS = ["--set", "lanes.async.max=1", "--set", f"lanes.async.concurrency={RUNS}"]
FEW = ["--set", "lanes.async.max=1", "--set", "lanes.async.concurrency=10"]

#: Starts a daemon with flags under such a soft and a hard limit of open files.
Start = Callable[[list[str], int, int], Daemon]


@pytest.fixture
def start(prepare_daemon: DaemonMaker) -> Start:
    def start(flags: list[str], soft: int, hard: int) -> Daemon:
        daemon = prepare_daemon("descriptors:session", flags, cwd=PROGRAMS)
        limits = f"ulimit -Sn {soft} && ulimit -Hn {hard}"
        daemon.executable = Path(str(shutil.which("sh")))
        daemon.command = ["sh", "-c", f"{limits} && exec {BIN}/{' '.join(daemon.command)}"]
        return daemon.start()

    return start


def test_many_runs_hold_sockets_and_print_under_a_low_soft_limit(start: Start) -> None:
    daemon = start(FLAGS, 256, 4096)
    with client(daemon) as rt:
        runs = [rt.submit("meets", number=n, count=RUNS) for n in range(RUNS)]
        assert [run.result(timeout=30) for run in runs] == [1] * RUNS
        said = [[str(line) for line in run.logs()] for run in runs]
        assert said == [[f"run {n}"] if n % 2 else [] for n in range(RUNS)]
        assert not rt.rpc.status()["faults"]
        executor = next(row for row in rt.rpc.info()["executors"] if row["lane"] == "async")
        assert psutil.Process(executor["pid"]).num_fds() < 256
        assert rt.submit("says", text="again").result(timeout=20) == 256 + 4 * RUNS


def test_a_hard_limit_that_is_too_low_is_a_fault_and_runs_go_on(start: Start) -> None:
    daemon = start(FLAGS, 256, 256)
    with client(daemon) as rt:
        run = rt.submit("says", text="here")
        assert run.result(timeout=20) == 256
        assert list(map(str, run.logs())) == ["here"]
        (fault,) = rt.rpc.status()["faults"]
        assert (fault["kind"], fault["what"], fault["times"]) == ("descriptors", "lane async", 1)
        assert fault["message"] == (
            "400 runs at once may need 1856 open files, and its executor may open 256: set"
            " LimitNOFILE= in the unit, or `ulimit -Hn`, or a lower lanes.async.concurrency"
        )
        line = f"fault of the app: descriptors lane async: {fault['message']}"
        until(lambda: daemon.log.read_text().count(line) == 1, what="the line in the log")
    assert fault["message"] in " ".join(daemon.rtctl("status").stdout.split())


def test_the_limit_of_an_executor_with_few_runs_stays(start: Start) -> None:
    daemon = start(FEW, 256, 4096)
    with client(daemon) as rt:
        assert rt.submit("says", text="here").result(timeout=20) == 256
        assert not rt.rpc.status()["faults"]


def test_output_without_a_descriptor_is_lost_with_a_note_and_the_run_goes_on(
    start: Start,
) -> None:
    daemon = start(FEW, 256, 4096)
    with client(daemon) as rt:
        run = rt.submit("says_without_descriptors")
        run.result(timeout=20)
        assert list(map(str, run.logs())) == ["kept"]
        note = note_of(rt, run)
    assert "5 B of output lost: the system refuses: a process may open at most 256 files" in note
    assert "(`ulimit -n`, LimitNOFILE); raise that" in note


def watches(daemon: Daemon) -> int:
    """How many instances of inotify the supervisor has."""
    assert daemon.process is not None
    found = 0
    for link in Path(f"/proc/{daemon.process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed just now
            found += link.readlink().name == "anon_inode:inotify"
    return found


def cpu_s(daemon: Daemon) -> float:
    """How much the supervisor has worked."""
    assert daemon.process is not None
    return sum(psutil.Process(daemon.process.pid).cpu_times()[:2])


@pytest.mark.parametrize("task", ["thread", "process"])
def test_a_follower_sees_the_first_line_of_a_run_that_has_no_file_yet(
    start_daemon: DaemonMaker, tmp_path: Path, task: str
) -> None:
    daemon = start_daemon("descriptors:session", cwd=PROGRAMS)
    gate = tmp_path / "gate"
    lines: list[str] = []
    with client(daemon) as rt, client(daemon) as other:
        run = until_running(rt.submit(task, gate=str(gate)))
        for path in (daemon.home / "state/output").glob("*.scratch"):
            path.unlink()  # in lane `thread` there is none for this run
        before = watches(daemon)

        def follow() -> None:
            lines.extend(map(str, other.get(run.id).logs(follow=True)))

        follower = threading.Thread(target=follow)
        follower.start()
        until(lambda: watches(daemon) > before, what="the follower waits")
        before_s = cpu_s(daemon)
        rt.submit("naps").result(timeout=20)
        assert cpu_s(daemon) - before_s < 0.2, "it waits without work"
        gate.touch()
        if task == "thread":
            until(lambda: lines == ["first"], what="the line of the running run")
        Path(f"{gate}.end").touch()
        run.wait(timeout=20)
        follower.join(20)
    if task == "thread":
        assert lines == ["first", "last"]


def test_the_output_of_a_child_is_kept_where_its_parent_prints_nothing(
    start_daemon: DaemonMaker,
) -> None:
    daemon = start_daemon("descriptors:session", cwd=PROGRAMS)
    with client(daemon) as rt:
        run = rt.submit("forks")
        run.result(timeout=20)
        assert list(map(str, run.logs())) == ["the child"]
