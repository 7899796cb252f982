"""Runs that wait for other runs lend their slots, so that these can start."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rtctl import Client, Run, RunFailed
from rtd.supervisor.lending.waiting_runs import LENT_MAX
from tests.helpers.daemon import Daemon, DaemonMaker, shared_daemon
from tests.helpers.deadline import until
from tests.helpers.running import client, restart_supervisor
from tests.helpers.source import PROGRAMS

SMALL = (
    "process.max=2", "fresh.max=2", "fresh.min=0", "thread.concurrency=2", "async.concurrency=2",
    "command.max=1",
)  # fmt: skip
FLAGS = [word for one in SMALL for word in ("--set", f"lanes.{one}")]


@pytest.fixture(scope="module")
def shared() -> Iterator[Client]:
    """A client of such a daemon, for tests that leave nothing behind."""
    with shared_daemon("fan_out:session", FLAGS, cwd=PROGRAMS) as found, client(found) as rt:
        yield rt


@pytest.fixture
def daemon(start_daemon: DaemonMaker) -> Daemon:
    """A daemon with few slots in each lane."""
    return start_daemon("fan_out:session", cwd=PROGRAMS, flags=FLAGS)


@pytest.fixture
def rt(daemon: Daemon) -> Iterator[Client]:
    """A client of that daemon."""
    with client(daemon) as found:
        yield found


def lane_of(rt: Client, name: str) -> tuple[int, int, int]:
    """Return the executors of a lane, its runs that wait for others, and what it has lent."""
    for row in rt.rpc.status()["lanes"]:
        if row["lane"] == name:
            return row["executors"], row["waiting"], row["lent"]
    return 0, 0, 0


@pytest.mark.parametrize("how", ["result", "completed", "results"])
@pytest.mark.parametrize("lane", ["parent", "parent_fresh", "parent_thread", "parent_async"])
def test_children_start_in_a_lane_full_of_parents(shared: Client, lane: str, how: str) -> None:
    parents = shared.submit_many(lane, [{"how": how}] * 6)
    assert shared.results(parents, timeout=40) == [3] * 6


def test_slots_are_lent_while_they_are_needed(daemon: Daemon, rt: Client, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    held = rt.submit_many("stay", [{"gate": str(gate)}] * 2)
    waiters = rt.submit_many("wait_for", [{"run": run.id} for run in held])
    more = rt.task("stay", priority=9).submit(gate=str(gate))
    gate_now = lambda: lane_of(rt, "process")  # noqa: E731
    assert gate_now()[0] <= 2, "nothing waits, nothing is lent"
    gate.touch()
    rt.wait([*held, *waiters, more], timeout=30)
    gate.unlink()
    child = rt.task("stay", delay="1s").submit(gate=str(gate))
    waiters = rt.submit_many("wait_for", [{"run": child.id}] * 2)
    until(lambda: lane_of(rt, "process")[1:] == (2, 1), what="one slot is lent")
    text = "lane process: 2 runs wait for other runs, and it has lent 1 executor beyond its maximum"
    assert text in daemon.ok("status")
    gate.touch()
    assert rt.results(waiters, timeout=20) == ["succeeded"] * 2
    until(lambda: lane_of(rt, "process")[0] <= 2, what="the slot is back")


def test_many_parents_that_wait_do_not_all_start_at_once(shared: Client) -> None:
    rt = shared
    parents = rt.submit_many("parent", [{"count": 4}] * 100)
    most = 0
    for run in rt.as_completed(parents, timeout=60):
        most = max(most, lane_of(rt, "process")[0])
        assert run.result() == 6
    assert most <= 2 + LENT_MAX


def test_levels_of_runs_that_wait(shared: Client) -> None:
    assert shared.submit("nested", depth=12).result(timeout=60) == 12


def test_more_levels_than_a_lane_can_lend_are_an_error(rt: Client) -> None:
    run = rt.submit("nested", depth=40)
    run.wait(timeout=60)
    errors = [one.error or "" for one in rt.ls(task="nested", limit=None)]
    text = f"it has lent {LENT_MAX} executors, as many as it may"
    assert any(text in error for error in errors)
    assert run.state == "exception"


def failure(run: Run) -> str:
    """Return why a run failed."""
    with pytest.raises(RunFailed) as caught:
        run.result(timeout=20)
    return str(caught.value)


def test_what_could_never_start_is_an_error_at_once(shared: Client) -> None:
    rt = shared
    text = failure(rt.submit("alone", depth=1))
    assert "would wait for ever" in text
    assert "alone is at its max_concurrency until this run ends" in text
    text = failure(rt.submit("parent_main"))
    assert "lane main carries out one run at a time" in text
    assert rt.submit("parent_main", task="leaf").result(timeout=20) == 0
    key = rt.task("wait_for", id="me").submit(run="me")
    assert "waits for itself" in failure(key)


def test_runs_that_wait_for_each_other_are_told_at_once(shared: Client) -> None:
    rt = shared
    first = rt.task("wait_for", id="first", delay="1s").submit(run="second")
    second = rt.task("wait_for", id="second").submit(run="first")
    assert sorted(run.wait(30).state for run in (first, second)) == ["exception", "succeeded"]


def test_a_command_that_waits_lends_its_slot(shared: Client) -> None:
    rt = shared
    inner = 'rtctl submit --wait -- sh -c "exit 0" && echo done'
    runs = [rt.command("sh", "-c", inner) for _ in range(2)]
    for run in rt.wait(runs, timeout=40):
        assert run.ok
        assert "done" in [str(line) for line in run.logs()]


def test_the_kill_of_a_parent_gives_its_slot_back(rt: Client, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    child = rt.task("stay", delay="1h").submit(gate=str(gate))
    parents = rt.submit_many("wait_for", [{"run": child.id}] * 2)
    until(lambda: lane_of(rt, "process")[1] == 2, what="both wait")
    # What they wait for does not come for long: others may use their slots.
    assert rt.submit("leaf", number=3).result(timeout=20) == 3
    for run in parents:
        run.kill(grace=1)
    until(lambda: lane_of(rt, "process")[1] == 0, what="none waits")
    assert rt.submit("leaf", number=4).result(timeout=20) == 4
    child.cancel()
    gate.touch()


def test_restart_and_reload_in_the_middle(daemon: Daemon, rt: Client, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    child = rt.task("stay", delay="3s").submit(gate=str(gate))
    parents = rt.submit_many("wait_for", [{"run": child.id}] * 2)
    until(lambda: lane_of(rt, "process")[1] == 2, what="both wait")
    restart_supervisor(daemon)
    until(lambda: lane_of(rt, "process")[1] == 2, what="both wait again")
    rt.rpc.reload()
    gate.touch()
    assert rt.results(parents, timeout=40) == ["succeeded"] * 2
    until(lambda: lane_of(rt, "process")[1:] == (0, 0), what="the slots are back")


def test_a_child_that_is_retried_starts_again_in_a_full_lane(rt: Client, tmp_path: Path) -> None:
    """It comes back to the end of its list, behind others, when its executor has ended."""
    gate = tmp_path / "gate"
    child = rt.submit("flaky", gate=str(gate))
    parents = rt.submit_many("wait_for", [{"run": child.id}] * 2)
    until(lambda: lane_of(rt, "process")[1] == 2, what="both wait")
    others = rt.submit_many("stay", [{"gate": str(gate)}] * 50)
    gate.touch()
    assert rt.results(parents, timeout=40) == ["succeeded"] * 2
    rt.wait(others, timeout=40)


SLOW_ZYGOTE = """
import os, time
from rtctl import Client
from rtd import App
app = App(config={"lanes.process.max": 1, "lanes.process.min": 0})
os.register_at_fork(after_in_parent=lambda: time.sleep(1))
@app.task
def leaf():
    return 1
@app.task
def parent():
    with Client() as rt:
        return rt.submit("leaf").result()
"""


def test_a_run_that_waits_before_the_start_of_its_executor_is_reported_lends_its_slot(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(SLOW_ZYGOTE)
    daemon = start_daemon("app.py", cwd=tmp_path)
    with client(daemon) as rt:
        assert rt.submit("parent").result(timeout=30) == 1
