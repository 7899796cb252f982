"""`rtd run` as process 1 of a PID namespace, as in a container."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from rtd.process.tree.children import children_of
from tests.helpers.daemon import BIN, Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.source import PROGRAMS

UNSHARE = ["unshare", "--pid", "--fork", "--mount-proc"]
if os.geteuid() != 0:
    UNSHARE += ["--user", "--map-root-user"]


def may_unshare() -> bool:
    done = subprocess.run([*UNSHARE, "true"], capture_output=True, check=False)
    return done.returncode == 0


pytestmark = pytest.mark.skipif(
    not may_unshare(), reason="the kernel does not let this user make a PID namespace"
)


@pytest.fixture
def daemon(prepare_daemon: DaemonMaker) -> Daemon:
    """A daemon in a namespace of its own; it is not started yet."""
    daemon = prepare_daemon("supervised:session", cwd=PROGRAMS)
    daemon.executable = Path(shutil.which("unshare") or "")
    daemon.command = [*UNSHARE, "--kill-child", str(BIN / "rtd"), "run", "supervised:session"]
    return daemon


def init_of(daemon: Daemon) -> int:
    """The pid, outside, of the first process of the daemon's namespace."""
    assert daemon.process is not None
    return until(lambda: children_of(daemon.process.pid))[0]  # type: ignore[union-attr]


def end(daemon: Daemon, number: signal.Signals) -> int:
    """Signal process 1 and wait. `unshare` ends with its exit code."""
    assert daemon.process is not None
    os.kill(init_of(daemon), number)
    return daemon.process.wait(20)


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order_and_nothing_is_left(
    daemon: Daemon, number: signal.Signals
) -> None:
    daemon.start()
    assert daemon.ok("run", "add", "a:=2") == "2\n"
    assert end(daemon, number) == 0
    assert daemon.processes() == []
    assert list((daemon.home / "run").iterdir()) == []
    log = daemon.log.read_text()
    assert log.count("shutting down") == 1
    assert "Traceback" not in log


def test_it_reaps_the_orphans_of_others(daemon: Daemon) -> None:
    daemon.start()
    init = init_of(daemon)
    assert "1" in Path(f"/proc/{init}/status").read_text().partition("NSpid:")[2].split()[:2]
    enter = ["nsenter", f"--target={init}", "--pid", "--mount"]
    if os.geteuid() != 0:
        enter += ["--user", "--preserve-credentials"]
    go = daemon.home / "go"
    orphan = f"(until [ -e {go} ]; do sleep 0.05; done) & "  # `podman exec` may do the same
    subprocess.run([*enter, "sh", "-c", orphan], env=daemon.env, check=True)
    until(lambda: len(children_of(init)) == 2, what="the orphan is a child of process 1")
    go.touch()
    until(lambda: len(children_of(init)) == 1, what="the orphan is reaped")
    assert state_of(children_of(init)[0]) != "Z"
    assert end(daemon, signal.SIGTERM) == 0


def test_a_signal_while_it_starts_is_not_lost(daemon: Daemon) -> None:
    with daemon.log.open("ab") as log:
        daemon.process = subprocess.Popen(
            daemon.command,
            executable=daemon.executable, cwd=daemon.cwd, env=daemon.env,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    until(lambda: children_of(init_of(daemon)), what="process 1 has forked the daemon")
    assert end(daemon, signal.SIGTERM) in (0, 128 + signal.SIGTERM)
    assert daemon.processes() == []


def test_the_exit_code_is_that_of_the_daemon(daemon: Daemon) -> None:
    daemon.command = [*UNSHARE, str(BIN / "rtd"), "run", "not_there:session"]
    done = subprocess.run(
        daemon.command,
        executable=daemon.executable, cwd=daemon.cwd, env=daemon.env, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("rtd: ")
