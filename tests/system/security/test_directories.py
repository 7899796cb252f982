"""The daemon's directories and files: who could replace them, and who can read them."""

import ctypes
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rtd.config.file_owners import parents_fault
from tests.helpers.daemon import BIN, Daemon, DaemonMaker
from tests.helpers.other_user import NOBODY, STRANGER, as_user, give, needs_root, open_folder

CLONE_NEWUSER = 0x10000000
PR_SET_DUMPABLE = 4


@pytest.fixture
def stranger() -> Iterator[Path]:
    """A folder of another user."""
    with open_folder(owner=STRANGER) as folder:
        yield folder


def make(path: Path, owner: int = 0, mode: int = 0o755) -> Path:
    path.mkdir()
    give(path, owner, mode)
    return path


@needs_root
@pytest.mark.parametrize("variable", ["RTD_RUNTIME_DIR", "RTD_STATE_DIR"])
def test_a_directory_below_one_of_another_user_is_refused(
    prepare_daemon: DaemonMaker, stranger: Path, variable: str
) -> None:
    daemon: Daemon = prepare_daemon()
    mine = make(stranger / "of-root")
    for path in (mine, mine / "deeper" / "place"):
        daemon.env[variable] = str(path)
        done = subprocess.run(
            ["rtd", "run"], executable=BIN / "rtd", env=daemon.env, capture_output=True,
            text=True, timeout=30, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done
        assert f"{stranger}, on the way to it, belongs to uid 1234" in done.stderr
    assert list(mine.iterdir()) == []


@needs_root
def test_each_way_to_replace_a_directory_is_seen(folder: Path, stranger: Path) -> None:
    safe = make(folder / "safe")
    assert parents_fault(str(safe / "x" / "y")) is None
    assert "others may write" in str(parents_fault(str(make(folder / "all", mode=0o777) / "x")))
    sticky = make(folder / "sticky", mode=0o1777)
    assert parents_fault(str(make(sticky / "mine") / "x")) is None
    assert "on the way to it, belongs to uid 65534" in str(
        parents_fault(str(make(sticky / "theirs", NOBODY) / "x"))
    )
    for target, reason in ((stranger / "x", "belongs to uid 1234"), (safe, "None")):
        link = folder / f"link-{reason[:4]}"
        link.symlink_to(target)
        assert reason in str(parents_fault(str(link / "y")))
        (sticky / link.name).symlink_to(link)
        assert reason in str(parents_fault(str(sticky / link.name / "y")))
    give(sticky / "link-None", NOBODY)
    assert "on the way to it" in str(parents_fault(str(sticky / "link-None" / "y")))
    (stranger / "link").symlink_to(safe)
    assert "belongs to uid 1234" in str(parents_fault(str(stranger / "link" / "y")))
    assert "belongs to uid 1234" in str(parents_fault(str(stranger / ".." / stranger.name / "y")))
    (folder / "loop").symlink_to(folder / "loop")
    assert parents_fault(str(folder / "loop" / "y")) is None  # mkdir says what is wrong


def modes(*folders: Path) -> dict[str, int]:
    """The permissions of all files and directories in some directories."""
    found = {}
    for folder in folders:
        for path in folder.rglob("*"):
            status = path.lstat()
            if not stat.S_ISSOCK(status.st_mode):
                found[str(path.relative_to(folder))] = stat.S_IMODE(status.st_mode)
    return found


@pytest.mark.parametrize(
    ("verb", "given", "of_runs"),
    [("start", "077", "0077"), ("start", "000", "0027"), ("run", "000", "0000")],
)
def test_the_files_of_a_daemon_are_private_and_runs_have_the_umask_of_the_start(
    prepare_daemon: DaemonMaker, verb: str, given: str, of_runs: str
) -> None:
    daemon: Daemon = prepare_daemon()
    daemon.executable = Path("/bin/sh")
    daemon.command = ["sh", "-c", f"umask {given}; exec {BIN}/rtd {verb}"]
    daemon.start()
    try:
        assert daemon.ok("run", "--", "sh", "-c", "umask") == f"{of_runs}\n"
        found = modes(daemon.home / "run", daemon.home / "state")
        assert {"rtd.log", "redis/redis.log", "zygotes.json"} <= found.keys() | {"rtd.log"}
        assert {name: oct(mode) for name, mode in found.items() if mode & 0o077} == {}
    finally:
        if verb == "start":
            stop = ["rtd", "stop"]
            subprocess.run(stop, executable=BIN / "rtd", env=daemon.env, check=True)


@needs_root
def test_users_without_a_number_in_a_user_namespace_hold_nothing_up(folder: Path) -> None:
    """`unshare --user` shows the root directory as nobody's. Outside of one nobody is a user."""
    libc = ctypes.CDLL(None, use_errno=True)

    def in_namespace() -> str:
        libc.prctl(PR_SET_DUMPABLE, 1)  # a fork that has changed its user may not write uid_map
        if libc.unshare(CLONE_NEWUSER) != 0:
            return f"no user namespaces: {os.strerror(ctypes.get_errno())}"
        Path("/proc/self/uid_map").write_text(f"0 {STRANGER} 1")
        assert os.getuid() == 0
        assert os.stat("/").st_uid == NOBODY
        return str(parents_fault("/tmp/x/y"))

    found = as_user(STRANGER, in_namespace)
    if found.startswith("no user namespaces"):
        pytest.skip(found)
    assert found == "None"
    give(folder, NOBODY)
    assert "belongs to uid 65534" in str(parents_fault(str(folder / "x")))
