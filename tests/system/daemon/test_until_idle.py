"""`rtd run --until-idle`: it works off what is queued, says how that went, and ends."""

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.helpers.daemon import BIN, Daemon, DaemonMaker
from tests.helpers.external import ExternalRedis
from tests.helpers.running import client, until_running
from tests.helpers.source import PROGRAMS

#: Runs of the process lane wait behind the first one.
ONE = ("--set", "lanes.process.max=1", "--set", "stop_grace=0s")


@pytest.fixture
def home(prepare_daemon: DaemonMaker) -> Daemon:
    """A daemon with tasks that is not started."""
    return prepare_daemon("jobs:session", cwd=PROGRAMS, flags=ONE)


def queue(daemon: Daemon, *submits: tuple[str, ...]) -> list[str]:
    """Leave runs in the queue, each as `rtctl submit` has it. Returns their ids."""
    daemon.start()
    with client(daemon) as rt:
        until_running(rt.submit("nap", seconds=60))
    ids = [daemon.ok("submit", *words).strip() for words in submits]
    daemon.stop()
    return ids


def work_off(daemon: Daemon) -> tuple[int, list[str]]:
    """Let a daemon work off what is queued. Returns its exit code and its last lines."""
    done = subprocess.run(
        [*daemon.command, "--until-idle"],
        executable=BIN / "rtd", cwd=daemon.cwd, env=daemon.env, capture_output=True, text=True,
        timeout=50, check=False,
    )  # fmt: skip
    assert done.stdout == ""
    return done.returncode, last_lines(daemon, done.stderr)


def last_lines(daemon: Daemon, log: str) -> list[str]:
    """Return what a daemon has said at its end, beside its log. It has left nothing behind."""
    assert "Traceback" not in log, log
    assert daemon.processes() == []
    lines = log.splitlines()
    return [line.removeprefix("rtd: ") for line in lines if line.startswith("rtd: ")]


def start_until_idle(daemon: Daemon) -> None:
    """Start a daemon that ends when nothing is left to do."""
    daemon.command = [*daemon.command, "--until-idle"]
    daemon.start()


def end_of(daemon: Daemon) -> tuple[int, list[str]]:
    """Wait until it has ended by itself. Returns its exit code and its last lines."""
    assert daemon.process is not None
    return daemon.process.wait(20), last_lines(daemon, daemon.log.read_text())


def states(daemon: Daemon, ids: list[str]) -> list[str]:
    """Return the states of runs, as the next daemon shows them."""
    daemon.command = [word for word in daemon.command if word != "--until-idle"]
    daemon.start()
    return [json.loads(daemon.ok("show", run, "-j"))["row"]["state"] for run in ids]


def test_it_works_off_what_is_queued_and_ends(home: Daemon, tmp_path: Path) -> None:
    adds = [("add", f"a:={n}") for n in range(5)]
    ids = queue(
        home, *adds, ("third", f"counter={tmp_path / 'counter'}"), ("main_add", "a:=1"),
        ("echo", "value=late", "--in", "0.1s"), ("--", "true"),
    )  # fmt: skip
    code, lines = work_off(home)
    assert (code, lines[0].rpartition(" ")[2], len(lines)) == (0, "succeeded", 1)
    found = states(home, ids)
    assert set(found) == {"succeeded"}


def test_with_nothing_to_do_it_ends_at_once(home: Daemon) -> None:
    assert work_off(home) == (0, ["0 runs: 0 succeeded"])


def test_runs_that_fail_make_the_exit_code_8_and_their_retries_are_waited_for(
    home: Daemon,
) -> None:
    flags = ("--retries", "1", "--backoff", "1s", "--jitter", "0")
    queue(home, ("add", "a:=1"), ("refuse", "why=early"), ("crash", *flags))
    code, lines = work_off(home)
    assert (code, len(lines)) == (8, 1)
    assert lines[0].startswith("3 runs: 1 succeeded, 1 error, 1 exception: `rtctl ls`")


def test_runs_of_a_later_time_and_of_paused_queues_are_left_and_counted(home: Daemon) -> None:
    home.start()
    home.ok("queue", "pause", "shut")
    home.stop()
    ids = queue(
        home, ("add", "a:=1"), ("add", "a:=2", "-Q", "shut"), ("crash", "-Q", "shut"),
        ("add", "a:=3", "--in", "1h"), ("add", "a:=4", "--in", "2h", "-Q", "mail"),
    )  # fmt: skip
    left = "left in the queue: 2 for a later time (default 1, mail 1); 2 in paused queues (shut 2)"
    code, lines = work_off(home)
    assert (code, lines) == (
        0,
        ["1 run: 1 succeeded", left],
    )
    assert states(home, ids) == ["succeeded", *["queued"] * 4]


def test_what_comes_while_it_works_is_carried_out_too(home: Daemon) -> None:
    (first,) = queue(home, ("nap", "seconds:=60"))
    start_until_idle(home)
    with client(home) as rt:
        until_running(rt.get(first))
        assert rt.submit("main_add", a=1).result(timeout=20) == 2
        last = rt.submit("add", a=1)
        rt.get(first).kill(grace=0)
        assert last.result(timeout=20) == 1
    code, lines = end_of(home)
    assert (code, len(lines)) == (8, 1)
    assert lines[0].startswith("3 runs: 2 succeeded, 1 terminated")


def test_a_signal_ends_it_before_and_the_exit_code_says_so(home: Daemon) -> None:
    first, second = queue(home, ("nap", "seconds:=60"), ("nap", "seconds:=60"))
    start_until_idle(home)
    with client(home) as rt:
        until_running(rt.get(first))
    assert home.process is not None
    home.process.send_signal(signal.SIGTERM)
    code, lines = end_of(home)
    assert code == 8
    assert lines[0].startswith("ended before all was done: 1 run: 0 succeeded, 1 terminated")
    assert lines[1:] == ["left in the queue: 1 that could not start here (default 1)"]
    assert second


def test_what_runs_on_startup_and_on_shutdown_does_and_nothing_by_its_condition(
    prepare_daemon: DaemonMaker, tmp_path: Path
) -> None:
    book, gate = tmp_path / "book", tmp_path / "gate"
    gate.touch()
    env = {"BOOK": str(book), "GATE": str(gate)}
    code, lines = work_off(prepare_daemon("occasions:session", cwd=PROGRAMS, env=env))
    found = book.read_text().splitlines()
    assert found[:4] == ["hook before startup", "first", "second", "hook after startup"]
    assert found[4:6] == ["forced", "hook before shutdown"]
    assert found[-1] == "hook after shutdown"
    assert "last" in found
    assert not {"often", "follows"} & set(found)
    assert (code, len(lines)) == (0, 1)


HEARD = """
import time
from pathlib import Path

from rtctl import Client
from rtd import Session


class Book:
    def process_outcome(self, task, *exc_info):
        with Path("book").open("a") as file:
            file.write(f"{task.name} {task.state}\\n")


session = Session(middleware=[Book])


@session.task(lane="thread", timeout=0.1)
def late() -> None:
    while True:
        time.sleep(0.01)


@session.task(on_startup=True)
def begin() -> None:
    with Client() as rt:
        rt.submit_many("late", [{}] * 50)
"""


def test_middleware_has_heard_of_all_ends_when_it_ends(
    prepare_daemon: DaemonMaker, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(HEARD)
    flags = ["--set", "lanes.thread.concurrency=50"]
    code, lines = work_off(prepare_daemon("app.py", cwd=tmp_path, flags=flags))
    assert (code, len(lines)) == (8, 1)
    assert lines[0].startswith("51 runs: 1 succeeded, 50 terminated")
    heard = (tmp_path / "book").read_text().splitlines()
    assert sorted(heard) == ["begin succeeded", *["late terminated"] * 50]


def test_it_is_idle_while_another_node_works_and_counts_its_own_runs_alone(
    prepare_daemon: DaemonMaker, external: ExternalRedis, gate: Path
) -> None:
    flags = ["--set", f"redis={external.url}", "--set", "lanes.process.max=1"]
    one, two = (
        prepare_daemon("jobs:session", cwd=PROGRAMS, flags=[*flags, "--set", f"node={name}"])
        for name in ("one", "two")
    )
    one.start()
    with client(one) as rt:
        busy, held = rt.submit("nap", seconds=60), rt.submit("hold", gate=str(gate))
        until_running(busy)
        until_running(held)
        runs = rt.submit_many("add", [{"a": n} for n in range(20)])
        assert work_off(two) == (0, ["20 runs: 20 succeeded"])
        assert {run.refresh().state for run in runs} == {"succeeded"}
        assert (busy.refresh().state, held.refresh().state) == ("running", "running")
        busy.kill(grace=0)
        gate.touch()
        held.wait(timeout=20)
