"""A process of runs ends as a program does: files are written, exit functions run."""

import gzip
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rtctl import Client
from tests.helpers.daemon import Daemon, DaemonMaker, shared_daemon
from tests.helpers.deadline import until
from tests.helpers.running import client
from tests.helpers.source import PROGRAMS
from tests.programs.endings import ENDINGS

ONE = ("--set", "lanes.process.max_runs=1", "--set", "stop_grace=1s")


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    """A daemon whose executors end after each run."""
    with shared_daemon("endings:session", ONE, cwd=PROGRAMS) as daemon:
        yield daemon


@pytest.fixture
def rt(daemon: Daemon) -> Iterator[Client]:
    with client(daemon) as found:
        yield found


def is_written(what: str, path: Path) -> bool:
    """Return whether all that a run left to the end has come to its file."""
    if not path.exists() or not path.read_bytes():
        return False
    if what == "gzip":
        try:
            return gzip.decompress(path.read_bytes()) == b"all"
        except EOFError:  # its end is being written
            return False
    if what == "zip":
        return zipfile.is_zipfile(path) and zipfile.ZipFile(path).read("all") == b"all"
    if what == "folder":
        return not Path(path.read_text()).exists()
    return path.read_text() == ("all\n" if what == "memory handler" else "all")


@pytest.mark.parametrize("what", ENDINGS)
def test_a_fresh_process_has_ended_like_a_program_when_its_run_is_over(
    rt: Client, tmp_path: Path, what: str
) -> None:
    path = tmp_path / "file"
    run = rt.submit("leave-fresh", what=what, path=str(path)).wait(timeout=20)
    assert run.state == "succeeded", run.error
    assert is_written(what, path)


@pytest.mark.parametrize("what", sorted(ENDINGS.keys() - {"child"}))
def test_an_executor_that_ends_in_order_ends_like_a_program(
    rt: Client, tmp_path: Path, what: str
) -> None:
    path = tmp_path / "file"
    run = rt.submit("leave", what=what, path=str(path)).wait(timeout=20)
    assert run.state == "succeeded", run.error
    until(lambda: is_written(what, path), what=f"{what} is written")


def test_what_never_ends_is_cut_short_and_told(rt: Client, tmp_path: Path) -> None:
    run = rt.submit("hang-fresh", path=str(tmp_path / "file")).wait(timeout=20)
    assert (run.state, run.result()) == ("succeeded", "done")
    note = rt.rpc.show(run=run.id)["attempts"][-1]["note"]
    assert note == "its process did not end within 1 s: endless; cut short"


def test_an_executor_that_does_not_end_is_cut_short_and_its_log_says_so(
    rt: Client, daemon: Daemon, tmp_path: Path
) -> None:
    rt.submit("leave", what="endless", path=str(tmp_path / "file")).wait(timeout=20)
    until(lambda: "did not end within 2 s" in daemon.log.read_text(), what="the line in the log")


def test_the_outcome_of_a_run_is_kept_when_its_process_crashes_at_its_end(rt: Client) -> None:
    run = rt.submit("crash-fresh").wait(timeout=20)
    assert (run.state, run.result()) == ("succeeded", "done")
    note = rt.rpc.show(run=run.id)["attempts"][-1]["note"]
    assert note == "its process ended with SIGABRT after the run"


def test_what_is_printed_at_the_end_is_output_of_the_run(rt: Client) -> None:
    run = rt.submit("talk-fresh").wait(timeout=20)
    assert run.state == "succeeded"
    text = "\n".join(run.logs())
    assert "ZeroDivisionError" in text
    assert text.endswith("printed at the end")


def test_what_the_import_has_written_is_written_once(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    daemon = start_daemon("endings:session", cwd=PROGRAMS, env={"IMPORT_WRITES": str(path)})
    with client(daemon) as rt:
        for run in [rt.submit("append-fresh") for _ in range(3)]:
            assert run.wait(timeout=20).state == "succeeded"
        assert path.read_text() == "imported\n" + "run\n" * 3


def test_the_traceback_of_an_executor_that_fails_is_in_the_daemons_log(
    start_daemon: DaemonMaker,
) -> None:
    daemon = start_daemon("endings:session", cwd=PROGRAMS)
    with client(daemon) as rt:
        run = rt.submit("break").wait(timeout=20)
        assert run.state == "lost"
        assert "code 70" in str(run.error)
        assert list(run.logs()) == ["output of the run"]
    log = daemon.log.read_text()
    assert "of rtd has failed:\nTraceback" in log
    assert "'NoneType' object is not callable" in log
