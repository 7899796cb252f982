"""Records of runs that another program has overwritten: they are over, and all else goes on."""

import contextlib
import os
import signal
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from rtctl import Client
from rtd.common.errors import RtdError
from rtd.store.commands.commands import StoreCommands
from rtd.store.connection.command import RedisCommand
from tests.helpers.bad_records import CHANGES
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.occurrences import connect_redis
from tests.helpers.raw_client import RawClient
from tests.helpers.running import client, is_alive, kill_everything, restart_supervisor
from tests.helpers.source import PROGRAMS

CALLS = StoreCommands("rtd")
SOME = (
    "words", "words that begin as a success does", "words that begin as a queued run does",
    "words that begin as a running one does", "nothing", "schema", "attempts: 5",
)  # fmt: skip
FLAGS = ("--set", "lanes.process.max=6", "--set", "stop_grace=1s")


@pytest.fixture
def end(tmp_path: Path) -> Iterator[Path]:
    """The file that long runs wait for."""
    yield tmp_path / "end"
    (tmp_path / "end").touch()


@pytest.fixture
def daemon(start_daemon: DaemonMaker, end: Path) -> Daemon:
    """A daemon with `tests/programs/records.py`; its queue `shelf` is paused."""
    daemon = start_daemon("records:session", FLAGS, cwd=PROGRAMS, env={"RECORDS_END": str(end)})
    daemon.ok("submit", "quick", "--wait")
    daemon.ok("queue", "pause", "shelf")
    daemon.ok("enable", "shelved")
    return daemon


def submit(rt: Client, task: str, **options: object) -> str:
    """The id of a new run."""
    return str(rt.rpc.submit(task=task, many=[{}], options=options)["ids"][0])


def run_of(rt: Client, task: str, state: str) -> str:
    """The id of the run of a task that is in a state, once there is one."""
    rows = until(lambda: rt.rpc.ls(task=task, state=[state])["runs"], what=f"{task} is {state}")
    return str(rows[0]["id"])


def pid_of(rt: Client, run_id: str) -> int:
    """The pid of the executor of a run, once it runs."""
    return int(until(lambda: rt.rpc.show(run=run_id)["row"]["pid"], what=f"{run_id} runs"))


def spoil(daemon: Daemon, runs: dict[str, list[str]]) -> None:
    """Overwrite records: the runs of each change."""
    with connect_redis(daemon) as link:
        for change, ids in runs.items():
            for run_id in ids:
                blob = CHANGES[change](link.execute(CALLS.get_record(run_id)))
                link.execute(RedisCommand(("SET", f"{CALLS.prefix}r:{run_id}", blob)))


def successes(daemon: Daemon, task: str) -> int:
    """How many runs of a task have succeeded."""
    with connect_redis(daemon) as link:
        return int(link.execute(CALLS.tally(task)).get("s", 0))


def check_schedule_goes_on(daemon: Daemon) -> None:
    """Wait for some more runs of tasks that come due all the time."""
    for task in ("beat", "windowed"):
        before = successes(daemon, task)
        until(lambda: successes(daemon, task) > before + 3, what=task)  # noqa: B023


def check_verbs(daemon: Daemon, runs: list[str]) -> None:
    """Each verb answers for each run, if only that its record cannot be read."""
    with RawClient(daemon) as raw:
        for run_id in runs:
            for verb in ("show", "logs", "result"):
                with contextlib.suppress(RtdError):  # a fault of rtd would be in the log
                    raw.call(verb, run=run_id)
            for verb in ("retry", "cancel", "kill"):
                (outcome,) = raw.call(verb, runs=[run_id])["runs"]
                assert outcome["error"] is not None
    done = daemon.rtctl("show", runs[0])
    told = f"rtctl: run {runs[0]}: its record in Redis cannot be read (it is malformed): another"
    assert done.stderr.startswith(told), done.stderr
    assert done.stderr.count("\n") == 1
    assert daemon.ok("ls", "--limit", "500").count("cannot be read") >= 10
    for task in ("shelved", "scheduled_long", "follower", "windowed"):
        daemon.ok("why", task)


def check_log(daemon: Daemon, lost: Iterable[str]) -> None:
    """The log has no fault, and names runs that are lost."""
    log = daemon.log.read_text()
    for word in ("Traceback", "fault of rtd", " failed", " error "):
        assert word not in log, log
    lines = [line for line in log.splitlines() if " ended: lost" in line]
    named = {line.partition("run ")[2][:26] for line in lines if "its record in Redis" in line}
    all_lost = set(lost)
    assert named <= all_lost, log
    assert len(named) >= min(3, len(all_lost)), log


def test_they_are_over_and_all_else_goes_on(daemon: Daemon, end: Path) -> None:
    runs: dict[str, list[str]] = defaultdict(list)
    with client(daemon) as rt:
        queued = {change: submit(rt, "quick", queue="shelf") for change in CHANGES}
        delayed = {change: submit(rt, "quick", delay="2s") for change in SOME}
        expiring = {change: submit(rt, "quick", queue="shelf", expires="2s") for change in SOME}
        threads = {change: submit(rt, "threaded", queue="shelf") for change in SOME}
        ended = {change: submit(rt, "quick") for change in SOME}
        going, shelved = run_of(rt, "scheduled_long", "running"), run_of(rt, "shelved", "queued")
        watched, orphan, doomed = (submit(rt, "watched") for _ in range(3))
        pids = {run_id: pid_of(rt, run_id) for run_id in (watched, orphan, doomed, going)}
        rt.rpc.wait(runs=list(ended.values()), timeout_s=20)
    groups = [queued, delayed, expiring, threads, ended]
    for change, run_id in (item for group in groups for item in group.items()):
        runs[change].append(run_id)
    runs["words"] += [going, orphan, doomed, shelved]
    runs["schema"].append(watched)
    spoil(daemon, runs)

    def kill_executor() -> None:
        os.kill(pids[orphan], signal.SIGKILL)
        until(lambda: not is_alive(pids[orphan]), what="the end of an executor")

    restart_supervisor(daemon, kill_executor)
    with client(daemon) as rt:
        check_schedule_goes_on(daemon)
        waited = rt.rpc.wait(runs=[*delayed.values(), orphan], timeout_s=20)["runs"]
        assert {row["state"] for row in waited} == {"lost"}
        (killed,) = rt.rpc.kill(runs=[doomed])["runs"]
        assert killed["state"] == "terminated", killed["error"]
        check_verbs(daemon, [*list(queued.values())[:12], *ended.values()])
        assert len(rt.rpc.wait(runs=list(ended.values()), timeout_s=20)["runs"]) == len(ended)
        until(lambda: len(rt.rpc.ls(task="shelved", state=["queued"])["runs"]), what="another")
        assert len(rt.rpc.ls(task="scheduled_long", state=["running"])["runs"]) <= 1
        daemon.ok("queue", "resume", "shelf")
        unseen = {change for change in CHANGES if change.startswith(("lane", "queue", "submitted"))}
        lost = [run_id for change, run_id in queued.items() if change not in unseen]
        lost += [*expiring.values(), *threads.values(), shelved]
        rows = rt.rpc.wait(runs=lost, timeout_s=20)["runs"]
        assert {(row["state"], row["by"]) for row in rows} == {("lost", "rtd")}
        end.touch()
        rows = rt.rpc.wait(runs=[watched, going, submit(rt, "quick")], timeout_s=20)["runs"]
        assert {row["state"] for row in rows} == {"succeeded"}
    check_log(daemon, [*lost, *delayed.values(), orphan])


def test_a_daemon_that_was_killed_with_all_its_parts_starts(daemon: Daemon) -> None:
    with client(daemon) as rt:
        queued = {change: submit(rt, "quick", queue="shelf") for change in SOME}
        going = {change: submit(rt, "watched") for change in SOME[:2]}
        for run_id in going.values():
            pid_of(rt, run_id)
    spoil(daemon, {change: [run_id] for change, run_id in queued.items()})
    spoil(daemon, {change: [run_id] for change, run_id in going.items()})
    kill_everything(daemon)
    daemon.start()
    with client(daemon) as rt:
        check_schedule_goes_on(daemon)
        rows = rt.rpc.wait(runs=list(going.values()), timeout_s=20)["runs"]
        assert {row["state"] for row in rows} == {"lost"}
        assert rt.rpc.queue_purge(queue="shelf")["cancelled"] >= len(queued)
        rows = rt.rpc.wait(runs=list(queued.values()), timeout_s=20)["runs"]
        assert {row["state"] for row in rows} == {"cancelled"}
    check_log(daemon, going.values())
