"""Other users, watched files, detaching, titles."""

import grp
import os
import pwd
import select
import subprocess
import sys
from pathlib import Path

import pytest

from rtd.common.errors import ConfigError, NotPermitted
from rtd.process.events.inotify import FileWatch
from rtd.process.fork.fork import fork_child
from rtd.process.fork.run_as_user import find_account
from tests.helpers.deadline import until
from tests.helpers.source import ROOT

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def test_our_own_account_needs_no_change() -> None:
    ours = pwd.getpwuid(os.geteuid())
    account = find_account(str(os.geteuid()))
    assert (account.uid, account.gid, account.name) == (ours.pw_uid, ours.pw_gid, ours.pw_name)
    assert account.popen_options == {}
    assert account.environment({"PATH": "/bin", "LANG": "C", "MINE": "1"}) == {
        "PATH": "/bin", "LANG": "C", "HOME": ours.pw_dir, "USER": ours.pw_name,
        "LOGNAME": ours.pw_name, "SHELL": ours.pw_shell or "/bin/sh",
    }  # fmt: skip


def test_unknown_users_and_groups_are_named() -> None:
    with pytest.raises(ConfigError, match="no user 'nobody-of-that-name'"):
        find_account("nobody-of-that-name")
    with pytest.raises(ConfigError, match="no group 'no-such-group'"):
        find_account("root:no-such-group")
    with pytest.raises(ConfigError, match="no user ''"):
        find_account("")


@needs_root
def test_a_command_runs_as_another_user() -> None:
    account = find_account("nobody")
    done = subprocess.run(
        ["id"], capture_output=True, text=True, check=True, **account.popen_options
    )
    assert done.stdout.startswith(f"uid={account.uid}(nobody) gid={account.gid}(")
    assert "root" not in done.stdout
    other = find_account("nobody:daemon")
    assert other.gid == grp.getgrnam("daemon").gr_gid
    assert other.gid in other.groups


@needs_root
def test_only_root_can_run_as_another_user() -> None:
    def as_nobody() -> int:
        account = find_account("nobody")
        os.setresgid(account.gid, account.gid, account.gid)
        os.setresuid(account.uid, account.uid, account.uid)
        assert find_account("nobody").popen_options == {}
        try:
            find_account("root")
        except NotPermitted as error:
            return 5 if "only root" in str(error) else 6
        return 7

    pid = fork_child(as_nobody)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5


def test_a_watched_file_tells_of_writes_and_of_its_move(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.touch()
    watch = FileWatch(path)
    try:
        assert watch.read_changes() == (False, False, False)
        with path.open("ab", buffering=0) as file:
            file.write(b"x")
            assert select.select([watch], [], [], 10)[0] == [watch]
            assert watch.read_changes() == (True, False, False)
        assert watch.read_changes() == (False, True, False)
        (tmp_path / "other").write_text("not this one")
        assert watch.read_changes() == (False, False, False)
        path.rename(tmp_path / "moved")
        assert watch.read_changes().moved
        (tmp_path / "moved").write_text("the same file by another name")
        assert watch.read_changes().modified
        (tmp_path / "moved").unlink()
        assert watch.read_changes().moved
    finally:
        watch.close()


def test_a_file_that_is_not_there_cannot_be_watched(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(FileNotFoundError, match="nothing"):
        FileWatch(tmp_path / "nothing")
    assert len(os.listdir("/proc/self/fd")) == before


def test_detaching_leaves_the_terminal_and_keeps_what_it_was_told(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = (
        "import os, sys; from pathlib import Path\n"
        "from rtd.process.fork.daemonize import daemonize\n"
        "fd = int(sys.argv[1]); daemonize(Path(sys.argv[2]), [fd])\n"
        "os.write(fd, f'{os.getpid()} {os.getsid(0)} {os.getcwd()}'.encode())\n"
        "print('said by the daemon'); Path(sys.argv[2]).with_name('made').touch()\n"
    )
    reader, writer = os.pipe()
    starter = subprocess.run(
        [sys.executable, "-c", code, str(writer), str(log)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        pass_fds=[writer],
        check=True,
    )
    os.close(writer)
    assert starter.returncode == 0
    with os.fdopen(reader) as pipe:
        pid, session, folder = pipe.read().split()
    assert int(session) not in (os.getsid(0), int(pid))
    assert Path(folder) == tmp_path
    until(lambda: log.read_text() == "said by the daemon\n")
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o640


def test_a_title_leaves_the_environment_alone() -> None:
    code = (
        "from rtd.process.fork.process_title import set_title; import os\n"
        "set_title('worker'); set_title('process executor')\n"
        "print(open('/proc/self/cmdline').read().rstrip('\\0'), end='|')\n"
        "print('MARKED=yes' in open('/proc/self/environ').read(), 'SPT_NOENV' in os.environ)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, env={**os.environ, "MARKED": "yes"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "rtd: process executor|True False\n"
