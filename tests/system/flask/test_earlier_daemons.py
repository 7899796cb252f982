"""`start()` and daemons that are not the one it starts: of an earlier TASKER_APP, of others."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.helpers.daemon import BIN, Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.web_app import write

SHOP = """
import os, sys
from flask import Flask
from rtd.flask import BackgroundTaskWorker

task_worker = BackgroundTaskWorker()

@task_worker.define_task
def hold(path):
    while not os.path.exists(path):
        pass

def create_app(kind="plain"):
    app = Flask("shop", instance_path=os.path.dirname(__file__))
    app.config["TASKER_APP"] = os.environ.get("SHOP_APP")
    app.config["TASKER_DEBUG"] = False
    task_worker.init_app(app)
    return app
"""
START = "import shop; shop.create_app(); shop.task_worker.start(); "
PID = "print(shop.task_worker.client().rpc.ping()['pid'])"


@pytest.fixture
def place(prepare_daemon: DaemonMaker, tmp_path: Path) -> Iterator[Daemon]:
    daemon = prepare_daemon(cwd=tmp_path)
    write(tmp_path / "shop.py", SHOP)
    # The path of a socket is short: that of a test of a worker of pytest is too long.
    runtime = daemon.home / "r"
    runtime.mkdir(mode=0o700)
    for name in [name for name in daemon.env if name.startswith("RTD_")]:
        del daemon.env[name]
    # As systemd names them: usual directories, with a folder for each app below them.
    daemon.env["RUNTIME_DIRECTORY"] = str(runtime)
    daemon.env["STATE_DIRECTORY"] = str(daemon.home / "s")
    yield daemon
    for pid in daemons(daemon.home):
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            process.terminate()
            process.wait(20)


def daemons(home: Path) -> list[int]:
    """Return the pids of the daemons that run below a folder."""
    found = [int(path.read_text().split()[0]) for path in home.glob("r*/*/rtd.pid")]
    return [pid for pid in found if psutil.pid_exists(pid)]


def python(place: Daemon, script: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script], cwd=place.cwd, env={**place.env, **env},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_an_unused_daemon_of_an_earlier_name_is_ended(place: Daemon) -> None:
    first = python(place, START + PID, SHOP_APP="shop:create_app('one')")
    assert (first.returncode, first.stderr) == (0, "")
    second = python(place, START + PID, SHOP_APP="shop:create_app('two')")
    assert (second.returncode, second.stderr) == (0, "")
    assert second.stdout != first.stdout
    assert daemons(place.home) == [int(second.stdout)]


@pytest.mark.slow
def test_a_daemon_of_an_earlier_name_that_is_busy_is_named(place: Daemon, tmp_path: Path) -> None:
    submit = START + f"shop.hold.apply(path={str(tmp_path / 'go')!r}); "
    first = python(place, submit + PID)
    pid = first.stdout.strip()
    second = python(place, START + PID, SHOP_APP="shop:create_app('two')")
    warning = (
        f"another daemon of the Flask app 'shop' runs (pid {pid}), started with no TASKER_APP, and"
        f" starts its tasks, too: `kill {pid}` ends it"
    )
    assert second.stderr.startswith(warning)
    assert second.stderr.count("\n") == 1
    assert len(daemons(place.home)) == 2
    by_command = subprocess.run(
        [BIN / "flask", "--app", "shop", "rtd", "start"], cwd=place.cwd, text=True, check=False,
        env={**place.env, "SHOP_APP": "shop:create_app('two')"}, capture_output=True,
    )  # fmt: skip
    assert "is running already" in by_command.stdout
    assert by_command.stderr.startswith(warning)
    write(tmp_path / "go", "")
    os.kill(int(pid), 15)
    until(lambda: len(daemons(place.home)) == 1, what="the earlier daemon has ended")
    third = python(place, START + PID, SHOP_APP="shop:create_app('two')")
    assert (third.stdout, third.stderr) == (second.stdout, "")


@pytest.mark.slow
def test_a_named_directory_whose_daemon_has_another_name_is_a_warning(place: Daemon) -> None:
    place.env["RTD_RUNTIME_DIR"] = str(place.home / "r/named")
    first = python(place, START + PID)
    second = python(place, START + PID, SHOP_APP="shop:create_app('two')")
    assert second.stdout == first.stdout
    assert second.stderr == (
        f"the daemon that runs (pid {first.stdout.strip()}) was started with no TASKER_APP, and"
        " this process has TASKER_APP = \"shop:create_app('two')\": `flask rtd stop`, then start it"
        " again\n"
    )


@pytest.mark.slow
def test_a_socket_on_which_another_daemon_listens_is_one_line(place: Daemon) -> None:
    first = python(place, START + PID)
    socket = next(place.home.glob("r/*/rtd.sock"))
    own = {"RTD_RUNTIME_DIR": f"{place.home}/r/b", "RTD_STATE_DIR": f"{place.home}/s/b"}
    script = (
        "import shop; from rtd.common.errors import AppError; shop.create_app()\n"
        "try: shop.task_worker.start()\nexcept AppError as error: print(error)\n"
    )
    second = python(place, script, RTD_SOCKET=str(socket), **own)
    assert second.stdout == (
        f"task_worker: RTD_SOCKET ({socket}) is the socket of another daemon (pid"
        f" {first.stdout.strip()}): unset RTD_SOCKET to start one in RTD_RUNTIME_DIR and"
        " RTD_STATE_DIR, or unset these two to use that daemon\n"
    )
    assert second.stderr == ""
