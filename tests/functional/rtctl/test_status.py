"""rtctl status: the faults of the app, from every lane, and the state of the daemon."""

import json
import re
import signal
import time
from pathlib import Path
from typing import Any

from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.external import ExternalRedis
from tests.helpers.running import client, restart_supervisor
from tests.helpers.source import PROGRAMS

LANES = ("in_process", "in_fork", "in_main", "in_thread", "in_loop")


def status(daemon: Daemon, code: int) -> dict[str, Any]:
    """Return the answer, which must come with this exit code."""
    done = daemon.rtctl("status", "-j")
    assert done.returncode == code, done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def faults(daemon: Daemon) -> dict[str, dict[str, Any]]:
    """Return all faults by their name."""
    return {row["what"]: row for row in status(daemon, 3)["faults"]}


def test_a_daemon_without_faults_is_well(jobs: Daemon) -> None:
    answer = status(jobs, 0)
    assert (answer["app"], answer["faults"]) == ("jobs:session", [])
    assert answer["schedule"]["state"] == "none"
    assert answer["tasks"] > 5
    text = jobs.ok("status")
    for part in ("jobs:session", "redis", "no task has a condition"):
        assert part in text
    assert jobs.ok("status", "-q") == ""


def test_runs_that_failed_in_the_last_hour_are_counted(start_daemon: DaemonMaker) -> None:
    daemon = start_daemon("jobs:session", cwd=PROGRAMS)
    assert "failed  " not in daemon.ok("status")
    with client(daemon) as rt:
        runs = rt.submit_many("refuse", [{"why": "no"}] * 2)
        rt.wait([*runs, rt.submit("add", a=1)], timeout=20)
    shown = daemon.ok("status")
    assert "2 runs in the last hour: refuse; `rtctl ls --state unsuccessful`\n" in shown
    assert "failed" in shown


def test_faults_from_every_lane_and_from_the_import_are_reported(start_daemon: DaemonMaker) -> None:
    daemon = start_daemon("faulty:session", cwd=PROGRAMS)
    with client(daemon) as rt:
        for lane in LANES:
            for _ in range(2):
                assert rt.submit(lane, what=lane).wait(timeout=20).result() == "done"
    until(lambda: faults(daemon).keys() >= set(LANES), what="all faults")
    found = faults(daemon)
    assert found["tasks/broken.py"]["kind"] == "loader"
    for lane in LANES:
        row = found[lane]
        assert (row["kind"], row["times"]) == ("hook", 2)
        assert row["message"].startswith("ValueError: it does not work")
        assert row["first_at"] <= row["last_at"]
    done = daemon.rtctl("status")
    assert done.returncode == 3
    assert "tasks/broken.py: SyntaxError" in done.stdout
    log = daemon.log.read_text()
    assert log.count("fault of the app: hook in_thread: ValueError") == 1
    assert log.count("fault of the app: loader tasks/broken.py") == 1
    restart_supervisor(daemon)
    assert faults(daemon).keys() == found.keys()


def test_faults_are_forgotten_when_the_app_is_imported_again(start_daemon: DaemonMaker) -> None:
    daemon = start_daemon("faulty:session", cwd=PROGRAMS)
    with client(daemon) as rt:
        rt.submit("in_process", what="once").wait(timeout=20)
    until(lambda: "once" in faults(daemon), what="the fault")
    daemon.rtctl("reload")
    until(lambda: faults(daemon).keys() == {"tasks/broken.py"}, what="only the new app's fault")


def test_a_redis_that_is_away_is_reported_and_faults_wait_for_it(
    start_daemon: DaemonMaker, external: ExternalRedis, tmp_path: Path
) -> None:
    daemon = start_daemon("faulty:session", cwd=PROGRAMS, flags=["--redis", external.url])
    gate = tmp_path / "gate"
    lanes = ("process", "thread", "fork")
    with client(daemon) as rt:
        for lane in lanes:
            rt.submit(f"gated_{lane}", gate=str(gate))
        until(lambda: all(gate.with_suffix(f".{lane}").exists() for lane in lanes))
        external.kill()
        until(lambda: not rt.rpc.status()["redis"]["ok"], what="Redis is away")
        done = daemon.rtctl("status")
        assert (done.returncode, "not answering" in done.stdout) == (3, True)
        gate.touch()
        external.start()
        until(lambda: faults(daemon).keys() >= set(lanes), within_s=20, what="all faults")
    assert [faults(daemon)[lane]["times"] for lane in lanes] == [1, 1, 1]


def test_a_redis_that_hangs_is_told_within_seconds(
    start_daemon: DaemonMaker, external: ExternalRedis
) -> None:
    daemon = start_daemon(flags=["--redis", external.url])
    assert external.process is not None
    external.process.send_signal(signal.SIGSTOP)
    try:
        for verb in ("status", "info"):
            begun_s = time.monotonic()
            done = daemon.rtctl(verb)
            assert (done.returncode, "has not answered for 4 s" in done.stdout) == (3, True)
            assert time.monotonic() - begun_s < 15
        until(lambda: "Redis has not answered for" in daemon.log.read_text(), what="the log")
    finally:
        external.process.send_signal(signal.SIGCONT)
    status(daemon, 0)


def test_a_lane_whose_executors_are_all_taken_is_told(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    daemon = start_daemon(
        "supervised:session", cwd=PROGRAMS, flags=["--set", "lanes.process.max=2"]
    )
    gate = tmp_path / "gate"
    with client(daemon) as rt:
        assert "taken" not in daemon.ok("status")
        held = [rt.submit("waiter", gate=str(gate)) for _ in range(2)]
        until(lambda: all(run.refresh().state == "running" for run in held), what="both run")
        assert "taken" not in daemon.ok("status"), "no run waits"
        waiting = [rt.submit("add", a=1) for _ in range(3)]
        text = daemon.ok("status")
        assert "all 2 executors of lane process are taken, and 3 runs wait" in text
        (lane,) = [lane for lane in rt.rpc.status()["lanes"] if lane["lane"] == "process"]
        assert (lane["queued"], lane["full"]) == (3, True)
        gate.touch()
        assert all(run.wait(timeout=20).state == "succeeded" for run in (*held, *waiting))
        assert "taken" not in daemon.ok("status")


def test_faults_with_the_same_message_share_a_row(prepare_daemon: DaemonMaker) -> None:
    daemon = prepare_daemon("app.py")
    (daemon.home / "app.py").write_text(
        "from rtd import Session\nfrom rtd.arguments import FuncArg\nsession = Session()\n"
        "def fail():\n    raise ValueError('no answer')\n"
        "for n in range(5):\n"
        "    session.task(name=f'job{n}', parameters={'x': FuncArg(fail)})(lambda x: x)\n"
    )
    daemon.start()
    with client(daemon) as rt:
        for number in range(5):
            rt.submit(f"job{number}").wait(timeout=20)
    until(lambda: len(status(daemon, 3)["faults"]) == 5, what="five faults")
    lines = daemon.rtctl("status").stdout.splitlines()
    (row,) = [line for line in lines if "ValueError: no answer" in line]
    assert row.startswith("parameter  5 ")
    assert re.search(r"job\d\.x, job\d\.x, job\d\.x and 2 more: ValueError", row), row


def test_runs_of_rtd_s_own_are_not_counted(prepare_daemon: DaemonMaker) -> None:
    daemon = prepare_daemon("app.py")
    (daemon.home / "app.py").write_text(
        "import pathlib, time\nfrom rtd import Session\nfrom rtd.core import Scheduler\n"
        "session = Session()\n"
        "@Scheduler.hook_startup\ndef slow(_):\n"
        "    pathlib.Path('begun').touch()\n"
        "    while not pathlib.Path('go').exists():\n        time.sleep(0.01)\n"
    )
    daemon.start()
    until((daemon.home / "begun").exists, what="the hook")
    answer = status(daemon, 0)
    assert (answer["running"], answer["queued"]) == (0, 0)
    assert sum(lane["running"] for lane in answer["lanes"]) == 0
    assert json.loads(daemon.ok("info", "-j"))["running"] == 0
    (daemon.home / "go").touch()
