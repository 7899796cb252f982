"""`rtd stop` of a daemon that does not answer, or is not ready yet: one request, one line."""

import os
import signal
import subprocess

from tests.helpers.daemon import BIN, DaemonMaker
from tests.helpers.running import client, until_running
from tests.helpers.source import PROGRAMS


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
    assert (done.returncode, done.stderr.count("\n")) == (0, 1), done.stderr
    assert "does not answer yet" in done.stderr
    assert "has ended" in log
