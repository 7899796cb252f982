"""`rtd stop` of a daemon that does not answer, or is not ready yet: one request, one line."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from rtd.cli.start import _wait_until_ready
from rtd.cli.start_message import StartMessage
from rtd.common.errors import Conflict
from rtd.config.log_tail import LogTail
from tests.helpers.daemon import BIN, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client, until_running
from tests.helpers.source import PROGRAMS
from tests.helpers.terminal import Terminal


def test_one_stop_of_a_stopped_daemon_is_one_request(start_daemon: DaemonMaker) -> None:
    """It came twice, over the socket and as a signal, and the second one ended all at once."""
    daemon = start_daemon("supervised:session", cwd=PROGRAMS)
    assert daemon.process is not None
    with client(daemon) as rt:
        until_running(rt.submit("sleep", seconds=600))
    os.kill(daemon.process.pid, signal.SIGSTOP)
    try:
        done = subprocess.run(
            [BIN / "rtd", "stop", "--grace", "1s"], env=daemon.env, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
    finally:
        os.kill(daemon.process.pid, signal.SIGCONT)
    assert daemon.process.wait(20) == 0
    log = daemon.log.read_text()
    assert "asked again" not in log, log
    assert (done.returncode, done.stderr.count("\n")) == (0, 2), done.stderr
    assert "does not answer yet" in done.stderr
    assert "waiting for 1 run to end, at most 1.0s" in done.stderr
    assert "has ended" in log


@pytest.mark.parametrize("is_terminal", [False, True])
def test_a_stop_says_once_for_which_runs_it_waits_and_how_long(
    start_daemon: DaemonMaker, is_terminal: bool
) -> None:
    daemon = start_daemon("supervised:session", cwd=PROGRAMS)
    assert daemon.process is not None
    with client(daemon) as rt:
        runs = [until_running(rt.submit("sleep", seconds=600)).id for _ in range(2)]
    command = ["rtd", "stop", "--grace", "1s"]
    if is_terminal:
        said, code = Terminal(command, daemon.env, 200).finish()
    else:
        done = subprocess.run(command, env=daemon.env, capture_output=True, text=True, check=False)
        said, code = done.stderr, done.returncode
    assert (code, daemon.process.wait(20)) == (0, 0)
    (line,) = said.splitlines()
    head, _, names = line.partition(": sleep ")
    assert head == "rtd: waiting for 2 runs to end, at most 1.0s; then they are stopped"
    assert sorted(names.split(", sleep ")) == sorted(runs)


def test_a_long_end_without_runs_is_said(start_daemon: DaemonMaker) -> None:
    daemon = start_daemon()
    assert daemon.process is not None
    (daemon.home / "app.py").write_text(
        "import time\nfrom rtd import Session\nsession = Session()\n"
        "session.task(name='last', on_shutdown=True)(lambda: time.sleep(4))\n"
    )
    daemon.stop()
    daemon.command = ["rtd", "run", "app.py"]
    daemon.start()
    done = subprocess.run(
        ["rtd", "stop"], env=daemon.env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    pid = daemon.process.pid
    assert done.stderr == (
        f"rtd: waiting for the daemon (pid {pid}) to end; its log says for what\n"
    )
    assert daemon.process.wait(20) == 0


def test_a_daemon_that_is_starting_is_said_to_start_and_can_be_stopped(
    prepare_daemon: DaemonMaker,
) -> None:
    """Its socket was said to be removed. SIGUSR1 and SIGQUIT ended it without a word."""
    daemon = prepare_daemon()
    (daemon.home / "app.py").write_text(
        "import pathlib, time\nfrom rtd import Session\nsession = Session()\n"
        "pathlib.Path('importing').touch()\ntime.sleep(600)\n"
    )
    words = [BIN / "rtd", "run", "app.py"]
    with daemon.log.open("ab") as log:
        daemon.process = subprocess.Popen(words, env=daemon.env, cwd=daemon.home, stderr=log)
    until((daemon.home / "importing").exists, what="the import")
    for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGQUIT):
        daemon.process.send_signal(number)
        line = f"{number.name} is ignored"
        until(lambda line=line: line in daemon.log.read_text(), what=line)  # type: ignore[misc]
    told = daemon.rtctl("ls")
    assert told.returncode == 7
    assert f"it is starting (pid {daemon.process.pid}, for " in told.stderr
    done = subprocess.run(
        [BIN / "rtd", "stop"], env=daemon.env, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    said = f"rtd: the daemon (pid {daemon.process.pid}) is starting; sending SIGTERM\n"
    assert (done.returncode, done.stderr) == (0, said)
    assert daemon.process.wait(20) == 0


def test_a_start_that_another_one_has_overtaken_exits_as_one_that_comes_late() -> None:
    """It exited with 1: the daemon itself finds the lock, after `rtd start` has found none."""
    reader, writer = os.pipe()
    StartMessage(writer).send_fault("a daemon is running already (pid 1)", Conflict.code)
    os.close(writer)
    with pytest.raises(Conflict, match="running already"):
        _wait_until_ready(reader, 5.0, LogTail(Path("rtd.log")))
