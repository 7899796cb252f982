"""`from rtctl import Client`: runs from Python."""

import enum
import json
import re
import threading
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Timer
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from rtctl import Client, DaemonUnreachable, RtdError, Run, RunFailed, WaitTimeout
from rtd.common.errors import (
    BadRequest,
    ConfigError,
    NoSuchRun,
    ParameterError,
    PolicyError,
    UnserialisableError,
)
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until


@pytest.fixture
def rt(jobs: Daemon) -> Iterator[Client]:
    """A client of the daemon with tasks."""
    with Client(jobs.socket) as client:
        yield client


def test_a_run_from_submit_to_result(rt: Client) -> None:
    run = rt.submit("add", a=40, b=2)
    assert run.wait(timeout=20) is run
    assert (run.state, run.result(), run.error, run.created) == ("succeeded", 42, None, True)
    assert rt.get(run.id) == run


def test_a_run_as_json(rt: Client, gate: Path) -> None:
    run = rt.submit("hold", gate=str(gate))
    until(lambda: run.state == "running")
    found = run.to_dict()
    assert (found["state"], found["ended"], found["result"]) == ("running", False, None)
    assert (found["ended_at"], found["error"], found["attempt"]) == (None, None, 1)
    gate.touch()
    run.wait(20)
    found = run.to_dict()
    assert (found["id"], found["task"], found["state"]) == (run.id, "hold", "succeeded")
    times = [
        datetime.fromisoformat(found[f"{name}_at"]) for name in ("submitted", "started", "ended")
    ]
    assert times == sorted(times)
    value = {(1, 2): date(2026, 1, 31), "raw": b"\xff", "few": {3}}
    found = rt.submit("echo", value=value).wait(20).to_dict()
    assert found["result"] == {"[1, 2]": "2026-01-31", "raw": {"base64": "/w=="}, "few": [3]}
    assert json.loads(json.dumps(found)) == found
    failed = rt.submit("refuse", why="no ink").wait(20).to_dict()
    assert (failed["state"], failed["error"], failed["result"]) == ("error", "Error: no ink", None)


def test_values_keep_their_types(rt: Client) -> None:
    assert rt.submit("tomorrow", day=date(2026, 1, 31)).wait(20).result() == date(2026, 2, 1)
    value = {"pair": (1, 2), "set": {3}, "path": Path("/x"), "bytes": b"\xff"}
    assert rt.submit("echo", value=value).wait(20).result() == value


class Level(str, enum.Enum):  # noqa: UP042
    DANGER = "danger"


def test_a_member_of_an_enum_and_a_zone_arrive_as_they_are(rt: Client) -> None:
    noon = datetime(2026, 10, 24, 12, tzinfo=ZoneInfo("Europe/Helsinki"))
    value = {"level": Level.DANGER, "at": noon, "raw": bytearray(b"a")}
    for run in [rt.submit("echo", value=value), *rt.submit_many("echo", [{"value": value}] * 2)]:
        back = run.wait(20).result()
        assert back == {"level": "danger", "at": noon, "raw": bytearray(b"a")}
        assert (type(back["level"]), type(back["raw"])) == (str, bytearray)
        assert (back["at"] + timedelta(days=1)).isoformat() == "2026-10-25T12:00:00+02:00"


@pytest.mark.parametrize("count", [1, 3, 700])
def test_the_path_of_a_value_that_cannot_be_sent_is_that_of_the_caller(
    rt: Client, count: int
) -> None:
    with pytest.raises(UnserialisableError, match=r"^params\.value\.x cannot be stored"):
        rt.task("echo", queue="default").submit(value={"x": object()})
    many = [{"value": 1}] * (count - 1) + [{"value": object()}]
    path = rf"^params\[{count - 1}\]\.value cannot be stored"
    with pytest.raises(UnserialisableError, match=path):
        rt.submit_many("echo", many)


def test_what_is_no_dict_among_many_is_named(rt: Client) -> None:
    wrong: Any
    for wrong, path in (([1, 2], "params[0]"), ([{"value": 1}] * 600 + ["ab"], "params[600]")):
        with pytest.raises(BadRequest, match=f"^{re.escape(path)} must be a dict, not "):
            rt.submit_many("echo", wrong)


def test_a_wait_takes_an_iterator(rt: Client) -> None:
    runs = [rt.submit("add", a=1), rt.submit("add", a=2)]
    assert rt.wait(iter(runs), timeout=20) == runs  # type: ignore[arg-type]


def test_a_value_that_cannot_be_sent_is_named(rt: Client) -> None:
    with pytest.raises(UnserialisableError, match=r"value\[1\]"):
        rt.submit("echo", value=[1, object()])


def test_wrong_parameters_and_options_are_refused(rt: Client) -> None:
    with pytest.raises(ParameterError, match="misses 'a'"):
        rt.submit("add")
    with pytest.raises(RtdError, match="did you mean"):
        rt.task("add", timeuot="1s").submit(a=1)  # type: ignore[call-arg]
    for option in ({"id": "x"}, {"key": "x"}):
        with pytest.raises(PolicyError, match="key: one key cannot stand for many"):
            rt.task("add", **option).submit_many([{"a": 1}])
    with pytest.raises(PolicyError, match="key='x' and id='y': both mean the key"):
        rt.task("add", key="x", id="y").submit(a=1)
    with pytest.raises(PolicyError, match="key: 3 is no key: it must be a text"):
        rt.task("add", key=3).submit(a=1)  # type: ignore[call-arg,typeddict-item]


def test_a_failed_run_has_no_result_but_a_reason(rt: Client) -> None:
    run = rt.submit("refuse", why="too early").wait(20)
    assert run.state == "error"
    assert run.error is not None
    assert "too early" in run.error
    with pytest.raises(RunFailed, match="too early") as caught:
        run.result()
    assert caught.value.state == "error"


def test_a_result_is_waited_for(rt: Client, gate: Path) -> None:
    run = rt.submit("hold", gate=str(gate))
    for timeout in (0, 0.05):
        with pytest.raises(WaitTimeout):
            run.result(timeout=timeout)
    Timer(0.2, gate.touch).start()
    assert run.result() == "released"
    assert rt.submit("add", a=2).result(timeout=20) == 2
    with pytest.raises(RunFailed, match="too early"):
        rt.submit("refuse", why="too early").result(20)


def test_a_running_run_has_no_result_yet(rt: Client, gate: Path) -> None:
    run = rt.submit("hold", gate=str(gate))
    with pytest.raises(WaitTimeout):
        run.wait(timeout=0.05)
    until(lambda: run.state == "running", what="it runs")
    until(lambda: run.progress, what="it reports")
    assert run.progress is not None
    assert run.progress["text"] == "waiting for the gate"
    gate.touch()
    assert run.wait(20).result() == "released"


def test_options_are_bound_to_a_task(rt: Client) -> None:
    slow = rt.task("add", queue="client", timeout=timedelta(minutes=2), retry_on=[ValueError])
    run = slow.options(labels=["blue"], priority=3).submit(a=1)
    found = rt.rpc.show(run=run.id)
    assert (found["row"]["queue"], found["row"]["labels"]) == ("client", ["blue"])
    assert found["policies"]["timeout_s"] == 120
    assert found["policies"]["retry_on"] == ["ValueError"]
    run.wait(20)


def test_one_id_is_one_run(rt: Client) -> None:
    key = f"key-{id(rt)}-{rt.ping()['at']}"
    first = rt.task("add", id=key).submit(a=1)
    again = rt.task("add", id=key).submit(a=1)
    assert first == again
    assert (first.created, again.created) == (True, False)


def test_a_command(rt: Client, tmp_path: Path) -> None:
    run = rt.command("sh", "-c", "pwd; echo $X; exit 3", cwd=str(tmp_path), env={"X": "1"})
    assert run.wait(20).state == "error"
    assert list(run.logs()) == [str(tmp_path), "1"]
    assert run.row["exit"] == [3, None]


def test_logs_follow_line_by_line(rt: Client, gate: Path) -> None:
    run = rt.submit("hold", gate=str(gate))
    lines = run.logs(follow=True)
    assert next(lines) == "holding"
    gate.touch()
    assert list(lines) == ["released"]
    # A follower does not wait long for the index of a slow executor; after the end it is whole.
    kept = list(run.logs())
    assert [(line, line.stream) for line in kept] == [("holding", "out"), ("released", "out")]
    assert all(line.at is not None for line in kept)


def test_kill_returns_what_was_ended(rt: Client) -> None:
    run = rt.submit("family")
    child = int(next(run.logs(follow=True)))
    ended = run.kill(grace=0.2, reason="test")
    assert run.state == "terminated"
    assert not Path(f"/proc/{child}").exists()
    assert all(isinstance(pid, int) and how for pid, _, how in ended)


def test_cancel_and_retry(rt: Client) -> None:
    run = rt.task("add", delay="1h").submit(a=1)
    run.cancel()
    assert run.state == "cancelled"
    over = rt.submit("add", a=5).wait(20)
    assert over.retry().wait(20).result() == 5


def test_ls_tasks_queues_and_events(rt: Client) -> None:
    run = rt.task("echo", queue="client-ls").submit(value=1).wait(20)
    assert [found.id for found in rt.ls(queue="client-ls", limit=1)] == [run.id]
    assert all(found.task == "echo" for found in rt.ls(task="echo", state="succeeded"))
    assert {task["name"] for task in rt.tasks()} >= {"add", "command"}
    assert "client-ls" in {queue["queue"] for queue in rt.queues()}
    assert run.id in {event["run"] for event in rt.events(limit=50)}
    assert rt.info()["app"] == "jobs:session"


def test_pause_and_resume(rt: Client) -> None:
    (row,) = rt.pause_queue("client-paused")
    assert row["paused"]
    run = rt.task("add", queue="client-paused").submit(a=1)
    assert rt.ls(state="queued", queue="client-paused") == [run]
    rt.resume_queue("client-paused")
    assert run.wait(20).state == "succeeded"


def test_many_runs_are_many_runs(rt: Client) -> None:
    runs = rt.submit_many("echo", ({"value": number} for number in range(1201)))
    assert len({run.id for run in runs}) == 1201
    rt.wait(runs, timeout=30)
    assert [run.result() for run in (runs[0], runs[600], runs[-1])] == [0, 600, 1200]


def test_many_large_runs_are_sent_in_smaller_chunks(rt: Client) -> None:
    blob = "x" * 500_000
    task = rt.task("echo", queue="client-large", delay="1h")
    runs = task.submit_many({"value": blob} for _ in range(10))
    assert len(runs) == 10
    assert rt.rpc.queue_purge(queue="client-large")["cancelled"] == 10


def test_a_bad_one_among_many_tells_how_far_it_got(rt: Client) -> None:
    params = [{"a": 1}] * 600 + [{"wrong": 1}]
    with pytest.raises(ParameterError, match="at least 500 runs were queued before"):
        rt.task("add", delay="1h", queue="client-bad").submit_many(params)
    rt.rpc.queue_purge(queue="client-bad")


def test_an_error_leaves_the_connection_usable(rt: Client) -> None:
    with pytest.raises(NoSuchRun):
        rt.get("nothing-of-this-kind")
    assert rt.ping()["pid"]


def test_threads_may_share_a_client(rt: Client, gate: Path) -> None:
    held = rt.submit("hold", gate=str(gate))
    waiter = threading.Thread(target=held.wait, args=(20,))
    waiter.start()
    results: list[int] = []

    def work(number: int) -> None:
        results.append(rt.submit("add", a=number).wait(20).result())

    threads = [threading.Thread(target=work, args=(n,)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(results) == list(range(5))
    gate.touch()
    waiter.join(20)
    assert not waiter.is_alive()


def test_no_daemon_there() -> None:
    with pytest.raises(DaemonUnreachable, match=r"no socket /nowhere/rtd\.sock"):
        Client("/nowhere/rtd.sock").ping()
    with pytest.raises(ConfigError, match="no path of a socket"):
        Client("http://localhost/0")


def test_the_environment_says_where(jobs: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RTD_SOCKET", str(jobs.socket))
    with Client() as client:
        assert client.ping()["pid"]


def test_a_restart_in_the_middle_of_a_wait_is_waited_out(
    start_daemon: DaemonMaker, gate: Path
) -> None:
    daemon = start_daemon()
    with Client(daemon.socket, reconnect_s=20.0) as client:
        run = client.command("sh", "-c", f"until test -e {gate}; do sleep 0.05; done")
        until(lambda: run.state == "running", what="it runs")
        waiter = threading.Thread(target=run.wait, args=(40,))
        waiter.start()
        client.rpc.shutdown(keep_running=True)
        assert daemon.process is not None
        daemon.process.wait(20)
        daemon.start()
        gate.touch()
        waiter.join(30)
        assert not waiter.is_alive()
        assert run.state == "succeeded"


def test_a_killed_daemon_in_the_middle_of_many_makes_each_run_once(
    start_daemon: DaemonMaker,
) -> None:
    daemon = start_daemon()
    halfway, go_on = threading.Event(), threading.Event()

    def params() -> Iterator[dict[str, object]]:
        for number in range(6000):
            if number == 3000:
                halfway.set()
                go_on.wait(30)
            yield {"argv": ["true"]}

    made: list[Run] = []
    with Client(daemon.socket, reconnect_s=20.0) as client:
        client.pause_queue("many")
        task = client.task("command", queue="many")
        submitter = threading.Thread(target=lambda: made.extend(task.submit_many(params())))
        submitter.start()
        assert halfway.wait(30)
        assert daemon.process is not None
        daemon.process.kill()
        daemon.process.wait()
        go_on.set()
        daemon.start()
        submitter.join(40)
        assert len({run.id for run in made}) == 6000
        (queue,) = [q for q in client.queues() if q["queue"] == "many"]
        assert queue["queued"] == 6000
        assert client.rpc.queue_purge(queue="many")["cancelled"] == 6000
