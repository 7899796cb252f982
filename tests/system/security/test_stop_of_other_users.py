"""`rtd stop` by root signals only the daemon, whatever number stands in a file of another user."""

import contextlib
import fcntl
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.helpers.daemon import BIN, Daemon, DaemonMaker
from tests.helpers.other_user import STRANGER, give, needs_root, open_folder, process_of
from tests.helpers.running import is_alive

pytestmark = needs_root


@pytest.fixture
def victim() -> Iterator[int]:
    """A process of root's."""
    process = subprocess.Popen(["sleep", "100"])
    yield process.pid
    process.kill()
    process.wait()


@contextlib.contextmanager
def locked(path: Path, text: str, uid: int) -> Iterator[int]:
    """Have a process of another user hold a lock file with any text. Gives its pid."""

    def lock(ready: Callable[[], object]) -> None:
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(fd, fcntl.LOCK_EX)
        os.write(fd, text.format(own=os.getpid()).encode())
        ready()
        signal.pause()

    with process_of(uid, lock) as pid:
        yield pid


def stop(runtime: Path, state: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "RTD_RUNTIME_DIR": str(runtime), "RTD_STATE_DIR": str(state)}
    return subprocess.run(
        ["rtd", "stop", "--wait", "5s"], executable=BIN / "rtd", env=env, capture_output=True,
        text=True, timeout=30, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "owner", "reason"),
    [
        ("rtd.pid", STRANGER, "belongs to uid 0"),
        ("rtd.lock", STRANGER, "belongs to uid 0"),
        ("rtd.pid", 0, "its directory to"),
    ],
)
def test_root_signals_no_process_that_another_user_names(
    victim: int, name: str, owner: int, reason: str
) -> None:
    with open_folder(owner=STRANGER) as folder:
        path = folder / name
        path.touch()
        give(path, owner, 0o666)
        with locked(path, f"{victim}\n{folder}\n", STRANGER):
            done = stop(folder, folder)
    assert (done.returncode, done.stderr.count("\n")) == (4, 1), done
    assert f"names process {victim}" in done.stderr
    assert reason in done.stderr
    assert is_alive(victim)


def test_a_process_of_the_same_user_that_does_not_hold_the_lock_is_not_signalled() -> None:
    with open_folder(owner=STRANGER) as folder, locked(folder / "other", "", STRANGER) as other:
        with locked(folder / "rtd.pid", f"{other}\n", STRANGER):
            done = stop(folder, folder)
        assert "that has not locked it" in done.stderr
        assert is_alive(other)


def test_a_link_to_the_lock_of_root_does_not_help(prepare_daemon: DaemonMaker) -> None:
    """Another user's directory leads to root's own daemon."""
    daemon: Daemon = prepare_daemon().start()
    with open_folder(owner=STRANGER) as folder:
        (folder / "rtd.pid").symlink_to(daemon.home / "run" / "rtd.pid")
        give(folder / "rtd.pid", STRANGER)
        done = stop(folder, folder)
    assert "no regular file" in done.stderr
    assert daemon.ok("ping", "-q") == ""


def test_root_stops_the_daemon_of_another_user(prepare_daemon: DaemonMaker) -> None:
    daemon: Daemon = prepare_daemon()
    give(daemon.home, STRANGER)
    daemon.log.touch()
    capability = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    daemon.command = [
        "setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups", *capability,
        str(BIN / "rtd"), "run",
    ]  # fmt: skip
    daemon.executable = Path("/usr/bin/setpriv")
    daemon.env["RTD_STATE_DIR"] = str(daemon.home / "state")
    daemon.start()
    assert os.stat(daemon.socket).st_uid == STRANGER
    refused = daemon.rtctl("ping")
    assert (refused.returncode, "uid 1234" in refused.stderr) == (4, True)
    assert "of uid 1234" in daemon.ok("ping", "-s", str(daemon.socket))
    done = stop(daemon.home / "run", daemon.home / "state")
    assert (done.returncode, done.stderr) == (0, "")
