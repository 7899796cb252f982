"""The disk of the state directory is full for a while; the daemon has its own small one."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.daemon import BIN, Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.mounts import needs_mounts
from tests.helpers.running import SMALL, client
from tests.helpers.source import PROGRAMS

MOUNT = "mkdir -p $RTD_STATE_DIR && mount -t tmpfs -o size=12m,mode=700 tmpfs $RTD_STATE_DIR"
UNWELL = 3


pytestmark = needs_mounts


@pytest.fixture
def ticks(tmp_path: Path) -> Path:
    return tmp_path / "ticks"


@pytest.fixture
def small_disk(prepare_daemon: DaemonMaker, ticks: Path) -> Callable[..., Daemon]:
    """Start a daemon whose state directory has 12 MB."""

    def start(*flags: str) -> Daemon:
        words = [*SMALL, *flags]
        daemon = prepare_daemon("refused:session", words, cwd=PROGRAMS, env={"TICKS": str(ticks)})
        run = " ".join(daemon.command)
        daemon.executable = Path(str(shutil.which("unshare")))
        daemon.command = ["unshare", "-m", "sh", "-c", f"{MOUNT} && exec {BIN}/{run}"]
        return daemon.start()

    return start


def state_dir(daemon: Daemon) -> Path:
    """The state directory as the daemon sees it."""
    assert daemon.process is not None
    return Path(f"/proc/{daemon.process.pid}/root{daemon.home}/state")


def fill(daemon: Daemon) -> Path:
    """Fill the disk. Returns the file that fills it."""
    path = state_dir(daemon) / "filler"
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                pass
    return path


def count(ticks: Path) -> int:
    return ticks.read_text().count("\n") if ticks.exists() else 0


def until_more(ticks: Path, what: str) -> None:
    before = count(ticks)
    until(lambda: count(ticks) > before + 4, within_s=40, what=what)


def exit_of_status(daemon: Daemon) -> int:
    return daemon.rtctl("status").returncode


@pytest.mark.slow
@pytest.mark.parametrize("durability", ["process", "always"])
def test_all_goes_on_when_the_disk_has_room_again(
    small_disk: Callable[..., Daemon], ticks: Path, durability: str
) -> None:
    daemon = small_disk("--set", f"durability={durability}")
    until_more(ticks, "the schedule starts runs")
    filler = fill(daemon)
    until(lambda: exit_of_status(daemon) == UNWELL, what="`status` tells it")
    before = count(ticks)
    with client(daemon) as rt:
        if durability == "process":
            found = json.loads(daemon.rtctl("status", "--json").stdout)
            assert "takes no writes" in found["redis"]["error"], found["redis"]
            assert "takes no writes" in daemon.rtctl("status").stdout
            done = daemon.rtctl("submit", "tick")
            assert (done.returncode, done.stderr.count("\n")) == (3, 1), done
        filler.unlink()
        until(lambda: count(ticks) > before + 4, within_s=40, what="the schedule goes on")
        assert rt.submit("tick").wait(timeout=20).state == "succeeded"
    until(lambda: exit_of_status(daemon) == 0, what="`status` is well again")
    assert "Traceback" not in daemon.log.read_text()


@pytest.mark.slow
def test_a_run_whose_output_fills_the_disk_stops_nothing_else(
    small_disk: Callable[..., Daemon], ticks: Path
) -> None:
    daemon = small_disk()
    until_more(ticks, "the schedule starts runs")
    with client(daemon) as rt:
        run = rt.submit("chatter", mb=30)
        until(lambda: run.refresh().row["state"] != "queued", what="it has begun")
        until(lambda: daemon.rtctl("status").returncode == UNWELL, what="the disk is full")
        for old in state_dir(daemon).glob("output/*"):
            if old.is_file():
                os.truncate(old, 0)
        until_more(ticks, "the schedule goes on")
        assert run.wait(timeout=30).state in ("succeeded", "failed")
        assert rt.submit("tick").wait(timeout=20).state == "succeeded"
