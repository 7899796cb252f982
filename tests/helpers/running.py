"""A daemon with a client, for tests of the supervisor."""

import contextlib
import os
import signal
from collections.abc import Callable
from typing import Any

from rtctl import Client
from rtctl.client.run import Run
from tests.helpers.daemon import Daemon
from tests.helpers.deadline import until

#: Flags that make small, quick pools.
SMALL = ("--set", "lanes.process.max=2", "--set", "stop_grace=2s")


def client(daemon: Daemon) -> Client:
    """A client of this daemon."""
    return Client(daemon.socket)


def executors(rt: Client, lane: str = "process") -> list[dict[str, Any]]:
    """The executors of a lane, as `info` tells them."""
    return [row for row in rt.rpc.info()["executors"] if row["lane"] == lane]


def executor_of(rt: Client, run: Run) -> int:
    """The pid of the executor that a run is on, once it runs."""
    return int(until(lambda: run.refresh().row["pid"], what=f"{run} runs"))


def note_of(rt: Client, run: Run) -> str:
    """Return the note in its record beside its outcome."""
    return str(rt.rpc.show(run=run.id)["attempts"][-1]["note"])


def until_running(run: Run) -> Run:
    """The run, once it runs."""
    until(lambda: run.state == "running", what=f"{run} runs")
    return run


def until_output(run: Run, text: str) -> None:
    """Wait until the run has written this text."""

    def is_written() -> bool:
        return text in "".join(f"{line}\n" for line in run.logs())

    until(is_written, what=f"the output of {run} has {text!r}")


def is_alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def kill9(pid: int) -> None:
    """SIGKILL, and wait until it is gone."""
    os.kill(pid, signal.SIGKILL)
    until(lambda: not is_alive(pid), what=f"the end of {pid}")


def kill_everything(daemon: Daemon) -> None:
    """SIGKILL all processes of a daemon, and wait until none is left.

    One that was forked while the others were found is killed in the next round.
    """

    def kill_found() -> bool:
        found = daemon.processes()
        for one in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one.pid, signal.SIGKILL)
        return bool(found)

    until(lambda: not kill_found(), what="the end of everything")
    assert daemon.process is not None
    daemon.process.wait()


def restart_supervisor(daemon: Daemon, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Kill the supervisor alone, do something, start another one."""
    assert daemon.process is not None
    daemon.process.kill()
    daemon.process.wait()
    meanwhile()
    daemon.start()
