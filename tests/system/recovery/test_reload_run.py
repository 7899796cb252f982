"""A run that begins again while the app, the supervisor or Redis is not what it was."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from rtctl import Client
from rtd.common.errors import RtdError
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.external import ExternalRedis
from tests.helpers.running import client, kill_everything, restart_supervisor, until_output
from tests.helpers.source import PROGRAMS

OLD = """
import time
from pathlib import Path

from rtd import Session

session = Session()


@session.task()
def stay(gate: str) -> str:
    print("old code", flush=True)
    while not Path(gate).exists():
        time.sleep(0.005)
    return "old"
"""


def test_it_begins_again_with_the_code_of_now(
    start_daemon: DaemonMaker, tmp_path: Path, gate: Path
) -> None:
    app = tmp_path / "app.py"
    app.write_text(OLD)
    daemon = start_daemon(str(app), cwd=tmp_path)
    with client(daemon) as rt:
        run = rt.submit("stay", gate=str(gate))
        until_output(run, "old code")
        new = OLD.replace("old", "new").replace("gate: str", "gate: str, more: int = 0")
        app.write_text(new)
        daemon.ok("reload")
        run.reload(more=1)  # which only the new code takes
        until_output(run, "new code")
        gate.touch()
        assert run.result(timeout=20) == "new"


@pytest.mark.parametrize("task", ["process", "fresh", "thread", "coroutine", "class"])
def test_middleware_hears_of_the_end_alone(
    start_daemon: DaemonMaker, tmp_path: Path, gate: Path, task: str
) -> None:
    book = tmp_path / "book"
    daemon = start_daemon("reloaded:session", cwd=PROGRAMS, env={"BOOK": str(book)})
    with client(daemon) as rt:
        run = rt.submit(task, value="old", gate=str(gate))
        until_output(run, "attempt 1 has old")
        run.reload(value="new")
        until_output(run, "attempt 2 has new")
        gate.touch()
        assert run.result(timeout=20) == "new of attempt 2"
    daemon.stop()
    assert book.read_text() == "new succeeded 2\n"


def kill_redis(daemon: Daemon) -> None:
    """Kill the daemon's Redis, and wait until it has started another one."""
    (old,) = redis_pids(daemon)
    os.kill(old, signal.SIGKILL)
    until(lambda: redis_pids(daemon) not in ([], [old]), what="another Redis")
    until(lambda: daemon.rtctl("status").returncode == 0, what="the daemon uses it")


def redis_pids(daemon: Daemon) -> list[int]:
    """Return the processes that are its Redis."""
    return [one.pid for one in daemon.processes() if "redis-server" in one.title]


def restart_all(daemon: Daemon) -> None:
    """Kill every process of the daemon and start it again."""
    kill_everything(daemon)
    daemon.start()


def in_background(daemon: Daemon, call: Callable[[Client], object]) -> threading.Thread:
    """Send a request whose answer may be lost."""

    def send() -> None:
        with Client(daemon.socket) as rt, contextlib.suppress(RtdError):
            call(rt)

    sending = threading.Thread(target=send)
    sending.start()
    return sending


@pytest.mark.parametrize("harm", [restart_supervisor, kill_redis, restart_all])
def test_a_loss_while_it_stops_loses_neither_the_run_nor_its_new_values(
    start_daemon: DaemonMaker, tmp_path: Path, gate: Path, harm: Callable[[Daemon], None]
) -> None:
    daemon, go = start_daemon("reloaded:session", cwd=PROGRAMS), tmp_path / "go"
    with client(daemon) as rt:
        run = rt.submit("slow", value="old", gate=str(gate), go=str(go))
        until_output(run, "attempt 1 has old")

    reloading = in_background(daemon, lambda rt: rt.get(run.id).reload(value="new"))
    with client(daemon) as rt:
        until_output(rt.get(run.id), "asked to stop")
    harm(daemon)
    go.touch()
    with client(daemon) as rt:
        found = rt.get(run.id)
        until_output(found, "attempt 2 has new")
        (first,) = rt.rpc.show(run=run.id)["attempts"]
        assert first["state"] == "terminated"
        assert "reloaded by" in first["note"]
        gate.touch()
        assert found.result(timeout=20) == "new of attempt 2"
    reloading.join(20)
    assert not reloading.is_alive()


@pytest.mark.parametrize("then", ["reload", "kill"])
def test_a_stop_that_is_over_while_redis_is_away_ends_as_it_was_to(
    start_daemon: DaemonMaker, external: ExternalRedis, tmp_path: Path, gate: Path, then: str
) -> None:
    flags = ["--set", f"redis={external.url}"]
    daemon = start_daemon("reloaded:session", cwd=PROGRAMS, flags=flags)
    go = tmp_path / "go"
    with client(daemon) as rt:
        run = rt.submit("slow", value="old", gate=str(gate), go=str(go))
        until_output(run, "attempt 1 has old")
        if then == "kill":
            sending = in_background(daemon, lambda rt: rt.get(run.id).kill(reason="enough"))
        else:
            sending = in_background(daemon, lambda rt: rt.get(run.id).reload(value="new"))
        until_output(run, "asked to stop")
        external.kill()
        go.touch()
        until(lambda: not rt.rpc.status()["running"], what="the run is over on the board")
        external.start()
        until(lambda: rt.rpc.status()["redis"]["ok"], what="Redis is back")
        if then == "kill":
            assert run.wait(timeout=20).state == "terminated"
            assert (run.error or "").endswith(": enough")
        else:
            until_output(run, "attempt 2 has new")
            gate.touch()
            assert run.result(timeout=20) == "new of attempt 2"
    sending.join(20)
    assert not sending.is_alive()
