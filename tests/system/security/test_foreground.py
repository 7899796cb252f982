"""`rtd run` in a terminal, and with a Redis elsewhere: what runs and other users get of it."""

import logging
import os
import pty
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rtd.supervisor.core.log import LineFormatter
from tests.contract.store.proxy import tls_proxy
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.external import ExternalRedis
from tests.helpers.other_user import needs_root
from tests.helpers.refusing import send

SECRET = "my-secret-word"
#: Runs a program in a new session whose terminal is given as a descriptor.
IN_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(int(sys.argv[1]), termios.TIOCSCTTY, 0)
for fd in range(3):
    os.dup2(int(sys.argv[1]), fd)
os.execvp("rtd", ["rtd", "run"])
"""
LOOK = """
readlink /proc/self/fd/0
for fd in 1 2; do readlink /proc/self/fd/$fd | cut -d: -f1; done
cut -d" " -f7 /proc/self/stat
sh -c "echo x > /dev/tty" 2>&1 | grep -c "No such device"
"""


@needs_root
def test_a_command_of_another_user_has_nothing_of_the_terminal(
    prepare_daemon: DaemonMaker,
) -> None:
    """Else it could type into it, or write what moves its cursor."""
    master, slave = pty.openpty()
    os.set_inheritable(slave, True)
    daemon: Daemon = prepare_daemon()
    daemon.executable = Path("/bin/sh")
    daemon.env |= {"IN_TERMINAL": IN_TERMINAL, "SLAVE": os.ttyname(slave)}
    daemon.command = ["sh", "-c", f'exec {sys.executable} -c "$IN_TERMINAL" 3 3<>"$SLAVE"']
    try:
        daemon.start()
        text = daemon.ok("run", "--user", "nobody", "--", "sh", "-c", LOOK)
        assert text.split() == ["/dev/null", "pipe", "pipe", "0", "1"]
        assert daemon.process is not None
        assert os.readlink(f"/proc/{daemon.process.pid}/fd/1") == os.ttyname(slave)
        daemon.stop()
    finally:
        os.close(master)
        os.close(slave)


def test_the_log_moves_no_cursor() -> None:
    record = logging.LogRecord(
        "rtd", logging.ERROR, __file__, 1, "task %s", ("a\x1b[31m\x9b\u202eé\udc80\nb",), None
    )
    shown = LineFormatter(stamped=False).format(record)
    assert shown == r"error task a\x1b[31m\x9b\u202eé\udc80 | b"


@pytest.fixture
def elsewhere(
    prepare_daemon: DaemonMaker, folder: Path
) -> Iterator[tuple[Daemon, ExternalRedis, str]]:
    """A daemon that is to use a Redis over TLS, as a user of an access list; the list's rules."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl")
    daemon: Daemon = prepare_daemon()
    redis = ExternalRedis(folder, daemon.mark)
    redis.start()
    try:
        send(redis, "ACL", "SETUSER", "anna", "on", f">{SECRET}", "~*", "&*", "+@all")
        with tls_proxy(redis.socket, folder) as (proxy, cert):
            url = f"rediss://anna:{SECRET}@localhost:{proxy.port}/1?ssl_ca_certs={cert}"
            yield daemon, redis, url
            daemon.close()
    finally:
        redis.kill()


def found_in(*folders: Path) -> list[str]:
    """The files of directories in which the password stands."""
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return [str(path) for path in files if SECRET.encode() in path.read_bytes()]


def test_redis_over_tls_as_a_user_with_a_password(
    elsewhere: tuple[Daemon, ExternalRedis, str],
) -> None:
    daemon, redis, url = elsewhere
    daemon.env["RTD_REDIS"] = url
    daemon.start()
    assert daemon.ok("run", "--", "echo", "a") == "a\n"
    assert [one for one in daemon.processes() if SECRET in one.title] == []
    told = [daemon.ok(*words) for words in (["info", "-j"], ["status"], ["ls", "-j"], ["events"])]
    assert SECRET not in "".join(told)
    assert "rediss://localhost" in told[1] or "rediss://localhost" in told[0]
    send(redis, "ACL", "SETUSER", "anna", "off")
    send(redis, "CLIENT", "KILL", "USER", "anna")
    assert SECRET not in daemon.rtctl("status").stdout
    assert daemon.stop() == 0
    assert found_in(daemon.home) == []
    assert re.search("refused AUTH|takes no writes|lost Redis", daemon.log.read_text())


def test_a_password_on_the_command_line_is_warned_of(
    elsewhere: tuple[Daemon, ExternalRedis, str],
) -> None:
    daemon, _, url = elsewhere
    daemon.command += ["--redis", url]
    daemon.start()
    assert [one for one in daemon.processes() if SECRET in one.title] == []
    daemon.stop()
    log = daemon.log.read_text()
    assert "can read the password of Redis on the command line: set RTD_REDIS" in log
    assert SECRET not in log
