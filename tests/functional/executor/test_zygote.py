"""A real zygote, with the test at the supervisor's end of its link."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from rtd.common.ids import from_words
from rtd.process.tree.process_identity import same_process
from rtd.process.tree.process_tree import read_tree
from tests.helpers.deadline import until
from tests.helpers.zygote import ZygoteUnderTest

Start = Callable[..., ZygoteUnderTest]
RUN_ID = from_words(7, 4711)


@pytest.fixture
def start() -> Iterator[Start]:
    """Start zygotes; at the end each must end all that it has below it by itself."""
    zygotes: list[ZygoteUnderTest] = []

    def start_one(*args: object, **kwargs: object) -> ZygoteUnderTest:
        zygotes.append(ZygoteUnderTest(*args, **kwargs))  # type: ignore[arg-type]
        return zygotes[-1]

    yield start_one
    left = [found for zygote in zygotes for found in zygote.close()]
    assert not left, f"left behind: {left}"


@pytest.fixture
def zygote(start: Start) -> ZygoteUnderTest:
    """A zygote without an app that has said hello."""
    one = start()
    one.accept_hello()
    return one


def test_hello_says_who_it_is(start: Start) -> None:
    one = start()
    hello = one.accept_hello()
    assert hello["pid"] == one.process.pid
    assert same_process(hello["pid"], hello["ticks"])
    assert (hello["generation"], hello["slots"], hello["app"]) == (1, [0, 64], None)
    assert hello["error"] is hello["manifest"] is None
    assert hello["executors"] == hello["exits"] == hello["warnings"] == hello["keeps"] == []


@pytest.mark.parametrize("code", [0, 1, 7, 255])
def test_an_exit_code_is_told_exactly(zygote: ZygoteUnderTest, code: int) -> None:
    born = zygote.spawn("exit", code=code)
    gone = zygote.expect_exit(born)
    assert (gone["code"], gone["signal"], gone["run"]) == (code, None, None)
    assert (gone["slot"], gone["lane"], gone["pid"]) == (born["slot"], "process", born["pid"])
    assert gone["killed"] == gone["strays"] == gone["runs"] == []


def test_an_error_of_the_executor_is_exit_70_with_its_traceback_in_the_log(
    zygote: ZygoteUnderTest,
) -> None:
    assert zygote.expect_exit(zygote.spawn("raise"))["code"] == 70
    assert "ValueError: a fault of the executor" in zygote.log.read_text()


def test_a_death_by_signal_is_told_exactly(zygote: ZygoteUnderTest) -> None:
    gone = zygote.expect_exit(zygote.spawn("segfault"))
    assert (gone["code"], gone["signal"]) == (None, signal.SIGSEGV)
    born = zygote.spawn("idle")
    os.kill(born["pid"], signal.SIGKILL)
    assert zygote.expect_exit(born)["signal"] == signal.SIGKILL


def test_the_usage_of_an_executor_is_reported(zygote: ZygoteUnderTest) -> None:
    gone = zygote.expect_exit(zygote.spawn("burn", cpu_s=0.2))
    assert 0.2 <= gone["cpu_s"] < 2
    assert 4 << 20 < gone["max_rss_bytes"] < 1 << 30


def test_an_executor_that_dies_in_runs_names_them_and_its_strays_end(
    zygote: ZygoteUnderTest,
) -> None:
    born = zygote.spawn("die in a run", lane="thread", concurrency=3)
    assert (born["slots"], born["lane"]) == (3, "thread")
    gone = zygote.expect_exit(born)
    first = born["slot"]
    assert gone["signal"] == signal.SIGKILL
    assert gone["run"] == from_words(7, 4711 + first)
    assert [(run["slot"], run["run"], run["attempt"]) for run in gone["runs"]] == [
        (slot, from_words(7, 4711 + slot), 2) for slot in range(first, first + 3)
    ]
    now_ns = time.monotonic_ns()
    assert all(now_ns - 5e9 < run["started_ns"] < now_ns for run in gone["runs"])
    assert [how for _, _, how in gone["strays"]] == ["SIGKILL"]
    assert zygote.board.owned_slots() == []
    assert len(zygote.processes()) == 1


def test_an_executor_leads_its_session_and_holds_nothing_of_the_zygote(
    zygote: ZygoteUnderTest,
) -> None:
    born = zygote.spawn("describe")
    ((leads, parent, *targets),) = [
        line.split() for line in until(lambda: zygote.lines_of("describe"))
    ]
    assert (leads, parent) == ("True", str(zygote.process.pid))
    assert not [t for t in targets if t.startswith(("socket:", "pipe:", "anon_inode:"))], targets
    assert (zygote.home / "board.bell").samefile(next(t for t in targets if "bell" in t))
    title = (zygote.home / f"/proc/{born['pid']}/cmdline").read_text()
    assert title.startswith("rtd: process executor")


def test_a_stop_and_a_retirement_reach_the_executor_through_the_board(
    zygote: ZygoteUnderTest,
) -> None:
    born = zygote.spawn("words")
    until(lambda: zygote.lines_of("words") == ["running"])
    (seen,) = zygote.board.scan()
    assert (seen.run_id, seen.exec_id, seen.pid) == (RUN_ID, born["exec"], born["pid"])
    zygote.send("ask", exec=born["exec"], slot=born["slot"], run=from_words(7, 1))
    zygote.send("retire", exec=born["exec"])
    until(lambda: zygote.board.scan()[0].retire)
    assert zygote.lines_of("words") == ["running"]
    zygote.send("ask", exec=born["exec"], slot=born["slot"], run=RUN_ID)
    gone = zygote.expect_exit(born)
    assert (gone["code"], gone["run"]) == (0, None)
    assert zygote.lines_of("words") == ["running", "stopped"]


def test_a_kill_ends_a_tree_that_resists_and_no_other(zygote: ZygoteUnderTest) -> None:
    others = [zygote.spawn("daemon") for _ in range(3)]
    until(lambda: len(zygote.lines_of("ready")) == 3)
    bystanders = {pid for other in others for pid in read_tree(other["pid"]).pids}
    assert len(bystanders) == 6
    for _ in range(5):
        born = zygote.spawn("breed")
        until(lambda born=born: born["exec"] in zygote.lines_of("ready"))
        started_s = time.monotonic()
        zygote.send("kill", exec=born["exec"])
        gone = zygote.expect_exit(born)
        assert time.monotonic() - started_s < 10
        assert gone["signal"] == signal.SIGKILL
        assert (born["pid"], "SIGKILL") in [(pid, how) for pid, _, how in gone["killed"]]
        assert len(gone["killed"]) >= 40
        alive = {found.pid for found in zygote.processes()} - {zygote.process.pid}
        assert alive == bystanders


def test_an_order_to_kill_the_dead_is_answered_by_its_end(zygote: ZygoteUnderTest) -> None:
    born = zygote.spawn("exit", code=3)
    first = zygote.expect_exit(born)
    zygote.send("kill", exec=born["exec"])
    assert zygote.expect_exit(born) == first
    zygote.send("ack", exec=born["exec"])
    zygote.send("kill", exec=born["exec"])
    assert born["exec"] in zygote.expect("error")["message"]


def test_a_new_supervisor_is_told_everything(zygote: ZygoteUnderTest) -> None:
    acked, dead, alive = zygote.spawn("exit", code=1), zygote.spawn("idle"), zygote.spawn("idle")
    zygote.expect_exit(acked)
    zygote.send("ack", exec=acked["exec"])
    zygote.send("keep", lane="fresh", count=1, options={"habit": "idle"})
    kept = zygote.expect("born")
    for _ in range(3):
        zygote.disconnect()
        if same_process(dead["pid"], dead["ticks"]):
            os.kill(dead["pid"], signal.SIGTERM)  # not heard: no handler of its own yet
            os.kill(dead["pid"], signal.SIGKILL)
            until(lambda: not same_process(dead["pid"], dead["ticks"]))
        zygote.listen()
        hello = zygote.accept_hello()
        assert [e["exec"] for e in hello["executors"]] == [alive["exec"], kept["exec"]]
        assert [(e["exec"], e["signal"]) for e in hello["exits"]] == [(dead["exec"], 9)]
        assert hello["keeps"] == [{"lane": "fresh", "count": 1}]
    zygote.send("ack", exec=dead["exec"])
    zygote.send("spawn", lane="process", count=1, options={"habit": "exit", "code": 4})
    assert zygote.expect_exit(zygote.expect("born"))["code"] == 4
    zygote.disconnect()
    zygote.listen()
    assert [e["code"] for e in zygote.accept_hello()["exits"]] == [4]


def test_terminal_and_group_signals_do_not_end_it(zygote: ZygoteUnderTest) -> None:
    born = zygote.spawn("idle")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(zygote.process.pid, number)
    assert zygote.expect_exit(zygote.spawn("exit", code=5))["code"] == 5
    assert same_process(born["pid"], born["ticks"])


def test_a_kept_lane_is_kept_at_strength_for_one_run_each(zygote: ZygoteUnderTest) -> None:
    zygote.send("keep", lane="fresh", count=2, options={"habit": "run and exit"})
    started_s = time.monotonic()
    slots = set()
    for _ in range(100):
        gone = zygote.expect("gone")
        assert (gone["code"], gone["lane"]) == (0, "fresh")
        slots.add(gone["slot"])
        zygote.send("ack", exec=gone["exec"])
    took_s = time.monotonic() - started_s
    assert took_s < 20, f"100 forks took {took_s} s"
    assert len(slots) == 2
    zygote.send("keep", lane="fresh", count=0, options={})
    until(lambda: zygote.board.owned_slots() == [], what="the end of the last executors")


def test_executors_that_never_get_to_a_run_are_not_replaced_in_a_frenzy(
    zygote: ZygoteUnderTest,
) -> None:
    zygote.send("keep", lane="fresh", count=1, options={"habit": "exit", "code": 9})
    pauses = []
    for _ in range(4):
        message = zygote.expect("error")["message"]
        assert "exit 9" in message
        pauses.append(float(message.rpartition(" in ")[2].split()[0]))
    assert pauses == [0.05, 0.1, 0.2, 0.4]


def test_strays_do_not_pile_up_as_zombies(zygote: ZygoteUnderTest) -> None:
    born = zygote.spawn("daemon")
    until(lambda: zygote.lines_of("ready"))
    (stray,) = read_tree(born["pid"]).pids[1:]
    os.kill(born["pid"], signal.SIGKILL)
    assert [pid for pid, _, _ in zygote.expect_exit(born)["strays"]] == [stray]
    children = f"/proc/{zygote.process.pid}/task/{zygote.process.pid}/children"
    with open(children) as file:
        assert file.read().split() == []


def test_a_sweep_ends_what_a_run_left_and_the_executor_lives_on(zygote: ZygoteUnderTest) -> None:
    born = zygote.spawn("sweep")
    before, after = until(lambda: (w := zygote.lines_of("sweep")) and len(w) == 2 and w)
    assert before == "before False"
    assert after.startswith("after False ")
    assert int(after.split()[2]) >= 8
    assert read_tree(born["pid"]).pids == [born["pid"]]
    assert {found.pid for found in zygote.processes()} == {zygote.process.pid, born["pid"]}


def test_a_drained_zygote_ends_when_its_last_executor_is_settled(zygote: ZygoteUnderTest) -> None:
    born = zygote.spawn("words")
    until(lambda: zygote.lines_of("words") == ["running"])
    zygote.send("drain")
    zygote.send("spawn", lane="process", count=1, options={"habit": "idle"})
    assert "draining" in zygote.expect("error")["message"]
    zygote.send("ask", exec=born["exec"], slot=born["slot"], run=RUN_ID)
    zygote.send("retire", exec=born["exec"])
    zygote.expect_exit(born)
    assert zygote.process.poll() is None
    zygote.send("ack", exec=born["exec"])
    assert zygote.process.wait(20) == 0


def test_an_orphan_waits_as_long_as_it_was_told(start: Start) -> None:
    one = start(flags=("--orphan-s", "0.3"))
    one.accept_hello()
    born = one.spawn("words")
    until(lambda: one.lines_of("words") == ["running"])
    one.disconnect()
    until(lambda: one.board.read_slot(born["slot"]).retire)  # type: ignore[union-attr]
    assert one.process.poll() is None
    one.board.set_stop(born["slot"], 4711)
    assert one.process.wait(20) == 0


def test_an_executor_of_a_dead_zygote_keeps_its_slot(start: Start) -> None:
    one = start()
    one.accept_hello()
    born = one.spawn("idle", concurrency=2)
    # As if it belonged to an earlier zygote: the new one must look, not only count.
    two = start()
    two.accept_hello()
    two.board.reserve(born["slot"] + 1)
    words, first = two.board.words, (born["slot"] + 1) * 16
    words[first + 1], words[first + 2] = born["pid"], born["ticks"]
    assert two.spawn("idle")["slot"] == born["slot"] + 1
    words[first + 2] += 1  # the pid is another process's now
    assert two.spawn("idle")["slot"] == born["slot"]


def test_a_zygote_without_room_says_so(zygote: ZygoteUnderTest) -> None:
    zygote.spawn("idle", lane="thread", concurrency=60)
    zygote.send("spawn", lane="thread", count=1, options={"habit": "idle", "concurrency": 5})
    assert "no 5 free slots in 0:64" in zygote.expect("error")["message"]
    assert zygote.spawn("idle", lane="thread", concurrency=4)["slot"] == 60


def test_nonsense_is_answered_and_does_no_harm(zygote: ZygoteUnderTest) -> None:
    for method, params in {
        "dance": {},
        "spawn": {"count": 1},
        "keep": {"lane": "no such lane", "count": 1, "options": {}},
        "ask": {"exec": "nobody", "slot": 0, "run": RUN_ID},
        "retire": {"exec": 5},
    }.items():
        zygote.send(method, **params)
        assert zygote.expect("error")["message"]
    zygote.send("keep", lane="no such lane", count=0, options={})
    born = zygote.spawn("idle")
    zygote.send("ask", exec=born["exec"], slot=born["slot"] + 1, run=RUN_ID)
    assert "not of executor" in zygote.expect("error")["message"]
    assert zygote.expect_exit(zygote.spawn("exit", code=6))["code"] == 6


def test_quit_ends_all_below_it(zygote: ZygoteUnderTest) -> None:
    born = [zygote.spawn("daemon") for _ in range(3)]
    until(lambda: len(zygote.lines_of("ready")) == 3)
    zygote.send("quit")
    for one in born:
        gone = zygote.expect_exit(one)
        assert gone["signal"] == signal.SIGKILL
        assert len(gone["killed"]) == 2
    assert zygote.process.wait(20) == 0
    assert zygote.processes() == []


def test_its_command_line_is_checked() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rtd.executor"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "--runtime" in done.stderr
