"""The task log: every run is seen by the app's handlers, once and in order, over every crash."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from rtd.model.csv_task_log import read_csv
from rtd.model.task_log_entry import LogRow
from rtd.store.commands.commands import StoreCommands
from rtd.store.connection.blocking import RedisConnection
from rtd.store.connection.command import RedisCommand
from rtd.store.embedded.server import EmbeddedRedis
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client, executor_of, executors, kill9, restart_supervisor
from tests.helpers.source import PROGRAMS


@pytest.fixture
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    """A Redis that is not the daemon's own."""
    redis = EmbeddedRedis(tmp_path_factory.mktemp("r"))
    redis.start()
    yield redis
    redis.stop()


class Logged:
    """Starts daemons of the app `logged` in a directory of the test's own."""

    def __init__(self, start: DaemonMaker, folder: Path) -> None:
        self._start = start
        self.seen_file = folder / "seen"
        self.csv_file = folder / "log" / "tasks.csv"
        self.folder = folder

    def __call__(self, scheme: str = "log_csv", **env: str) -> Daemon:
        env |= {"LOGGED_SCHEME": scheme, "LOGGED_SEEN": str(self.seen_file)}
        env |= {"PYTHONPATH": str(PROGRAMS)}
        flags = ["--set", "stop_grace=2s"]
        return self._start("logged:session", cwd=self.folder, env=env, flags=flags)

    def seen(self) -> list[dict[str, Any]]:
        if not self.seen_file.exists():
            return []
        return [json.loads(line) for line in self.seen_file.read_text().splitlines()]

    def actions(self, task: str | None = None) -> list[str]:
        return [row["action"] for row in self.seen() if task in (None, row["task_name"])]

    def rows(self) -> list[LogRow]:
        return list(read_csv(self.csv_file))

    def ended(self, ids: set[str]) -> set[str]:
        """Which of these runs have ended, by the file."""
        return ids & {row.run_id for row in self.rows() if row.action != "run"}


@pytest.fixture
def logged(start_daemon: DaemonMaker, tmp_path: Path) -> Logged:
    return Logged(start_daemon, tmp_path)


def test_a_handler_of_the_app_sees_the_runs_of_every_lane(logged: Logged) -> None:
    daemon = logged()
    tasks = ["quick", "threaded", "in_main", "fresh", "coroutine"]
    with client(daemon) as rt:
        runs = [rt.submit(task) for task in tasks]
        daemon.ok("submit", "--", "true")
        for run in runs:
            run.wait(timeout=20)
        wanted = Counter([*tasks, "command", "once_a_day"] * 2)
        until(lambda: Counter(row["task_name"] for row in logged.seen()) == wanted,
              what="all are seen")  # fmt: skip
        assert len({row["pid"] for row in logged.seen()}) == 1, "in one process"
        assert [row["pid"] for row in executors(rt, "log")] == [logged.seen()[0]["pid"]]
    for task in tasks:
        began, ended = (row for row in logged.seen() if row["task_name"] == task)
        assert (began["action"], ended["action"]) == ("run", "success")
        assert began["message"] == f"Task '{task}' status: 'run'"
        assert began["start"] == ended["start"]
        assert (began["end"], began["runtime"]) == (None, None)
        assert None not in (ended["end"], ended["runtime"])


def test_how_a_run_ended_is_its_action(logged: Logged) -> None:
    daemon = logged()
    with client(daemon) as rt:
        rt.submit("fails").wait(timeout=20)
        rt.submit("too_long").wait(timeout=20)
        rt.rpc.queue_pause(queues=["default"])
        withdrawn = rt.submit("quick")
        withdrawn.cancel()
        until(lambda: logged.actions("quick"), what="the cancelled run")
    assert logged.actions("fails") == ["run", "fail"], "an attempt that is retried is no end"
    failed = logged.seen()[[row["action"] for row in logged.seen()].index("fail")]
    assert failed["levelname"] == "ERROR"
    assert failed["exc_text"].endswith("ValueError: as it must")
    assert logged.actions("too_long") == ["run", "terminate"]
    assert "timeout" in next(r["message"] for r in logged.seen() if r["action"] == "terminate")
    assert logged.actions("quick") == ["inaction"]
    assert [row["start"] for row in logged.seen() if row["task_name"] == "quick"] == [None]


def test_a_long_run_is_told_of_when_it_begins(logged: Logged, gate: Path) -> None:
    daemon = logged()
    with client(daemon) as rt:
        run = rt.submit("hold", gate=str(gate))
        until(lambda: logged.actions("hold") == ["run"], what="its beginning")
        assert run.refresh().state == "running"
        gate.touch()
        until(lambda: logged.actions("hold") == ["run", "success"], what="its end")


def test_a_handler_that_raises_is_a_fault_and_stops_no_other(logged: Logged) -> None:
    daemon = logged(LOGGED_BROKEN="1")
    with client(daemon) as rt:
        rt.submit("quick").wait(timeout=20)
        until(lambda: logged.actions("quick") == ["run", "success"], what="the other handler")

        def faults() -> dict[str, str]:
            return {
                f["what"]: f["message"] for f in rt.rpc.status()["faults"] if f["kind"] == "log"
            }

        names = {"Broken", "Swallowed", "Interrupting"}
        until(lambda: set(faults()) == names, what="a fault of each")
        assert "the handler is broken" in faults()["Broken"]
        assert "no mail today" in faults()["Swallowed"]
        assert rt.submit("quick").wait(timeout=20).result() == 1
    assert daemon.rtctl("status").returncode == 3


def test_a_run_over_which_a_handler_ends_the_process_is_left_out(logged: Logged) -> None:
    daemon = logged(LOGGED_DEADLY="threaded")
    with client(daemon) as rt:
        rt.submit("quick").wait(timeout=20)
        # What is written together with the deadly one is seen again.
        until(lambda: logged.actions("quick") == ["run", "success"], what="the run before it")
        for task in ("threaded", "coroutine"):
            rt.submit(task).wait(timeout=20)
        until(lambda: logged.actions("coroutine") == ["run", "success"], what="the run behind it",
              within_s=20)  # fmt: skip
        assert any("'threaded' is not logged" in f["message"] for f in rt.rpc.status()["faults"])
    assert logged.actions("quick") == ["run", "success"]


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_while_its_process_is_killed(logged: Logged) -> None:
    daemon = logged()
    with client(daemon) as rt:
        runs = []
        for _ in range(5):
            runs += rt.submit_many("quick", [{} for _ in range(400)])
            pids = until(lambda: executors(rt, "log"), what="the log's process")
            kill9(pids[0]["pid"])
        for run in runs:
            run.wait(timeout=30)
        ids = {run.id for run in runs}

        def whole() -> bool:
            return sum(1 for row in logged.rows() if row.run_id in ids) >= 2 * len(ids)

        until(whole, what="all rows", within_s=30)
    rows = [row for row in logged.rows() if row.run_id in ids]
    assert Counter((row.run_id, row.action) for row in rows) == Counter(
        (run_id, action) for run_id in ids for action in ("run", "success")
    )
    began = set()
    for row in rows:
        assert row.action == "run" or row.run_id in began, "an end before its beginning"
        began.add(row.run_id)


@pytest.mark.slow
def test_a_record_over_which_its_process_is_killed_again_and_again_is_written(
    logged: Logged, gate: Path
) -> None:
    daemon = logged(LOGGED_HELD=str(gate))
    writers = Path(f"{gate}.pids")
    killed: list[int] = []

    def another() -> int:
        pids = [int(line) for line in writers.read_text().split()] if writers.exists() else []
        return next((pid for pid in reversed(pids) if pid not in killed), 0)

    with client(daemon) as rt:
        run = rt.submit("quick")
        for _ in range(6):
            killed.append(until(another, what="a process that writes the record", within_s=20))
            kill9(killed[-1])
        gate.touch()
        until(lambda: logged.ended({run.id}), what="its row", within_s=20)
        assert rt.rpc.status()["faults"] == []
    assert [row.action for row in logged.rows() if row.run_id == run.id] == ["run", "success"]


def test_a_reload_hands_the_log_on_to_the_new_process(logged: Logged) -> None:
    daemon = logged()
    with client(daemon) as rt:
        ids, pids = set(), set()
        for _ in range(3):
            ids |= {run.id for run in rt.submit_many("quick", [{} for _ in range(300)])}
            pids.add(until(lambda: executors(rt, "log"), what="the log's process")[0]["pid"])
            rt.rpc.reload()
        until(lambda: logged.ended(ids) >= ids, what="all rows", within_s=30)
    assert Counter(row.run_id for row in logged.rows() if row.run_id in ids) == Counter(
        [*ids, *ids]
    )
    assert len({row["pid"] for row in logged.seen()} | pids) > 1, "another process took over"


def test_redis_may_die_in_between(logged: Logged) -> None:
    daemon = logged()
    with client(daemon) as rt:
        ids = {run.id for run in rt.submit_many("quick", [{} for _ in range(500)])}
        kill9(rt.rpc.info()["redis"]["pid"])
        until(lambda: logged.ended(ids) >= ids, what="all rows", within_s=30)
    assert Counter(row.run_id for row in logged.rows() if row.run_id in ids) == Counter(
        [*ids, *ids]
    )


def test_runs_that_end_while_the_supervisor_is_away_are_logged(logged: Logged, gate: Path) -> None:
    daemon = logged()
    with client(daemon) as rt:
        run = rt.submit("hold", gate=str(gate))
        lost = rt.submit("hold", gate=str(gate) + ".never")
        executor_of(rt, run)
        pid = executor_of(rt, lost)

    def meanwhile() -> None:
        gate.touch()
        until(lambda: "success" in logged.actions("hold"), what="its end")
        kill9(pid)

    restart_supervisor(daemon, meanwhile)
    until(lambda: sorted(logged.actions("hold")) == ["fail", "run", "run", "success"],
          what="the lost run")  # fmt: skip
    (failed,) = (row for row in logged.seen() if row["action"] == "fail")
    assert failed["run_id"] == lost.id
    assert failed["exc_text"], "why it failed"


def test_the_last_records_are_written_when_the_daemon_ends(logged: Logged) -> None:
    daemon = logged()
    with client(daemon) as rt:
        runs = rt.submit_many("quick", [{} for _ in range(300)])
        for run in runs:
            run.wait(timeout=30)
    assert daemon.stop() == 0
    assert logged.actions("quick").count("success") == 300
    assert sum(row.action == "success" for row in logged.rows() if row.task_name == "quick") == 300


def test_an_app_without_handlers_has_no_log(start_daemon: DaemonMaker) -> None:
    daemon = start_daemon("jobs:session", cwd=PROGRAMS)
    with client(daemon) as rt:
        rt.submit("add", a=1, b=2).wait(timeout=20)
        assert executors(rt, "log") == []
    done = daemon.rtctl("tasklog")
    assert done.returncode == 6
    assert "keeps no task log" in done.stderr


@pytest.mark.parametrize("scheme", ["log_csv", "log_memory", "log_redis", "log_simple"])
def test_the_log_can_be_read_in_a_task_beside_the_daemon_and_by_rtctl(
    logged: Logged, scheme: str
) -> None:
    daemon = logged(scheme)
    with client(daemon) as rt:
        for task in ("quick", "fails"):
            rt.submit(task).wait(timeout=20)
        until(lambda: logged.actions("fails") == ["run", "fail"], what="it is logged")
        query = {"task_name": ["quick", "fails"], "action": ["success", "fail"]}
        # A scheme's own handler may write later than the test's.
        until(
            lambda: (
                rt.submit("asks", query=query).wait(timeout=20).result()
                == [["quick", "success"], ["fails", "fail"]]
            ),
            what="both are in the log of the scheme",
        )
    beside = daemon.python(
        "from logged import session\n"
        "print([r['action'] for r in session.get_task_log(task_name='quick')])"
    )
    assert beside.stdout == "['run', 'success']\n", beside.stderr
    shown = daemon.ok("tasklog", "fails")
    assert "ValueError: as it must" in shown
    assert daemon.ok("tasklog", "quick", "-q", "-n", "1").strip() in {
        row["run_id"] for row in logged.seen() if row["task_name"] == "quick"
    }
    slip = daemon.rtctl("tasklog", "quik")
    assert (slip.returncode, slip.stderr.count("\n")) == (5, 1)
    assert "did you mean 'quick'?" in slip.stderr


def test_a_log_in_memory_goes_with_the_daemon_and_one_in_redis_stays(
    logged: Logged,
) -> None:
    daemon = logged("log_memory log_redis")
    with client(daemon) as rt:
        rt.submit("quick").wait(timeout=20)
    until(lambda: len(json.loads(daemon.ok("tasklog", "quick", "-j"))["rows"]) == 2, what="rows")
    daemon.stop()
    for scheme, count in (("log_memory", 0), ("log_redis", 2)):
        daemon.env["LOGGED_SCHEME"] = scheme
        daemon.start()
        assert len(json.loads(daemon.ok("tasklog", "quick", "-j"))["rows"]) == count
        daemon.stop()


@pytest.mark.parametrize("scheme", ["log_csv", "log_redis"])
def test_programs_get_all_of_the_log_and_readers_are_told_what_is_left_out(
    logged: Logged, scheme: str
) -> None:
    daemon = logged(scheme)
    with client(daemon) as rt:
        rt.wait(rt.submit_many("quick", [{}] * 120), timeout=20)
    words = ("tasklog", "quick", "--action", "success")
    until(lambda: len(daemon.ok(*words, "-q").split()) == 120, what="all 120 in the log")
    assert len(json.loads(daemon.ok(*words, "-j"))["rows"]) == 120
    done = daemon.rtctl(*words)
    assert (done.stdout.count("\n"), done.stderr.count("\n")) == (101, 1)
    assert "there are more; only 100 are shown" in done.stderr
    assert daemon.rtctl(*words, "-n", "100").stderr == ""


@pytest.mark.parametrize("forced", [True, False])
@pytest.mark.parametrize("scheme", ["log_csv", "log_redis"])
def test_the_state_of_tasks_is_taken_from_the_log_where_that_is_wanted(
    logged: Logged, scheme: str, forced: bool
) -> None:
    daemon = logged(scheme, **({"LOGGED_FORCE": "1"} if forced else {}))
    with client(daemon) as rt:
        rt.submit("quick").wait(timeout=20)
        until(lambda: rt.rpc.why(task="follows")["value"], what="`quick` has succeeded")
        until(lambda: logged.actions("quick") == ["run", "success"], what="it is logged")
        with RedisConnection.connect(f"unix://{daemon.home}/state/redis/redis.sock") as link:
            for char in "rs":
                key = f"{StoreCommands('rtd').prefix}last:{char}"
                assert link.execute(RedisCommand(("HDEL", key, "quick"))) == 1
            link.execute(RedisCommand(("DEL", f"{StoreCommands('rtd').prefix}done:quick")))
    # Only the log is left to know of it.
    daemon.stop()
    daemon.start()
    with client(daemon) as rt:
        assert rt.rpc.why(task="follows")["value"] is forced


def test_a_log_of_before_counts_where_that_is_wanted(logged: Logged) -> None:
    logged.csv_file.parent.mkdir()
    now = datetime.now().isoformat(" ", "milliseconds").replace(".", ",")
    logged.csv_file.write_text(
        '"task_name","asctime","action","start","end","runtime","exc_text"\n'
        f'"quick","{now}","run","{now}","","",""\n'
        f'"quick","{now}","success","{now}","{now}","0 days 00:00:00.5",""\n'
    )
    daemon = logged(LOGGED_FORCE="1")
    with client(daemon) as rt:
        assert rt.rpc.why(task="follows")["value"] is True
        rt.submit("quick").wait(timeout=20)
        until(lambda: len(logged.rows()) >= 4, what="rows behind those of before")
    assert logged.csv_file.read_text().splitlines()[0].count(",") == 6, "its columns stay"


def test_a_log_that_cannot_be_written_is_a_fault(logged: Logged) -> None:
    (logged.folder / "log").write_text("no directory")
    daemon = logged()
    with client(daemon) as rt:
        rt.submit("quick").wait(timeout=20)
        until(lambda: any(str(logged.csv_file) in fault["what"]
                          for fault in rt.rpc.status()["faults"]), what="the fault")  # fmt: skip
        assert rt.submit("quick").wait(timeout=20).result() == 1
        (logged.folder / "log").unlink()
        rt.submit("quick").wait(timeout=20)
        until(lambda: sum(row.task_name == "quick" for row in logged.rows()) == 6,
              what="all that could not be written")  # fmt: skip


def test_a_log_file_that_is_no_csv_is_a_fault_and_the_other_handlers_go_on(logged: Logged) -> None:
    logged.csv_file.parent.mkdir()
    logged.csv_file.write_bytes(b"task_name\raction\n")
    daemon = logged()
    with client(daemon) as rt:
        rt.submit("quick").wait(timeout=20)
        until(lambda: logged.actions("quick") == ["run", "success"], what="the other handler")
        until(lambda: rt.rpc.status()["faults"], what="the fault")
        [fault] = rt.rpc.status()["faults"]
        assert fault["what"] == f"CsvHandler {logged.csv_file}"
        assert "its first line names no columns" in fault["message"]
        logged.csv_file.unlink()
        rt.submit("quick").wait(timeout=20)
        until(lambda: sum(row.task_name == "quick" for row in logged.rows()) == 4,
              what="all that could not be written")  # fmt: skip
    assert "Traceback" not in daemon.log.read_text()


def test_a_daemon_whose_redis_is_away_ends_without_waiting_for_its_log(
    start_daemon: DaemonMaker, tmp_path: Path, outside: EmbeddedRedis
) -> None:
    env = {"LOGGED_SCHEME": "log_csv", "PYTHONPATH": str(PROGRAMS)}
    flags = ["--redis", outside.url, "--set", "stop_grace=0s"]
    daemon = start_daemon("logged:session", cwd=tmp_path, env=env, flags=flags)
    with client(daemon) as rt:
        rt.submit("quick").wait(timeout=20)
        until(lambda: executors(rt, "log"), what="the log's process")
        outside.stop()
        until(lambda: not rt.rpc.info()["redis"]["ok"], what="the loss is noticed")
    began_s = time.monotonic()
    assert daemon.stop() == 0
    assert time.monotonic() - began_s < 15
