"""Redis is there and refuses commands for a while: all goes on when it takes them again."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.daemon import BIN, Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.external import ExternalRedis
from tests.helpers.refusing import REFUSALS, send
from tests.helpers.running import SMALL, client, until_running
from tests.helpers.source import PROGRAMS

#: `status` exits with this when something is wrong.
UNWELL = 3
SENTENCES = ("takes no writes now", "does not serve now")


def ticks(path: Path) -> int:
    """How often the tasks of `ticking` have run."""
    return path.read_text().count("\n") if path.exists() else 0


def until_more(path: Path, what: str) -> None:
    """Wait until the tasks of `ticking` go on."""
    before = ticks(path)
    until(lambda: ticks(path) > before + 5, what=what)


def status(daemon: Daemon) -> tuple[int, dict[str, Any]]:
    """The exit code and the answer of `rtctl status`."""
    done = daemon.rtctl("status", "--json")
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize("word", sorted(REFUSALS))
def test_the_schedule_the_waits_and_the_queues_go_on_after_a_refusal(
    start_daemon: DaemonMaker, external: ExternalRedis, tmp_path: Path, word: str
) -> None:
    path = tmp_path / "ticks"
    flags = [*SMALL, "--redis", external.url]
    daemon = start_daemon("refused:session", cwd=PROGRAMS, flags=flags, env={"TICKS": str(path)})
    until_more(path, "the schedule starts runs")
    with client(daemon) as rt:
        gate = tmp_path / "gate"
        going = until_running(rt.submit("waiter", gate=str(gate)))
        waits = subprocess.Popen(
            ["rtctl", "wait", going.id],
            executable=BIN / "rtctl",
            env=daemon.env,
            stdout=subprocess.DEVNULL,
        )
        with REFUSALS[word](external):
            until(lambda: status(daemon)[0] == UNWELL, what="`status` tells it")
            code, found = status(daemon)
            assert (code, found["redis"]["ok"]) == (UNWELL, False)
            assert any(text in found["redis"]["error"] for text in SENTENCES)
            gate.touch()
            done = daemon.rtctl("submit", "waiter", f"gate={gate}")
            assert done.returncode == 3, done
            assert any(text in done.stderr for text in SENTENCES)
            assert done.stderr.count("\n") == 1
        until_more(path, "the schedule goes on")
        assert going.wait(timeout=20).state == "succeeded"
        assert waits.wait(20) == 0
        assert rt.submit("waiter", gate=str(gate)).wait(timeout=20).state == "succeeded"
    until(lambda: status(daemon)[0] == 0, what="`status` is well again")
    assert "Traceback" not in daemon.log.read_text()


def test_a_lost_connection_of_the_supervisor_alone_loses_nothing(
    start_daemon: DaemonMaker, external: ExternalRedis, tmp_path: Path
) -> None:
    path = tmp_path / "ticks"
    flags = [*SMALL, "--redis", external.url]
    start_daemon("refused:session", cwd=PROGRAMS, flags=flags, env={"TICKS": str(path)})
    for kind in ("normal", "pubsub", "normal"):
        until_more(path, "the schedule starts runs")
        send(external, "CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
    until_more(path, "the schedule goes on")
