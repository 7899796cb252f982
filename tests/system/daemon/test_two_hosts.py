"""A web host and a worker host that reach nothing but one Redis, each in a network of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rtd.store.embedded.choose_server import choose_server
from tests.helpers.daemon import BIN, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.source import PROGRAMS

IP = shutil.which("ip") or ""
REDIS, WORKER, WEB = (f"rtd{part}{os.getpid()}" for part in ("r", "a", "b"))
#: The address of Redis as each host has it.
TO_WORKER, TO_WEB = "10.77.1", "10.77.2"

WEB_PROGRAM = """
import sys
from rtctl import Client
from rtd import Session

session = Session()

@session.task()
def add(a, b=0): ...

with Client(sys.argv[1], session=session) as rt:
    run = rt.submit("add", a=1, b=2)
    print(run.state, flush=True)
    sys.stdin.readline()
    print(run.result(timeout=30), rt.wait(rt.submit_many("add", [{"a": 7}]))[0].state)
"""


def ip(*words: str) -> bool:
    done = subprocess.run([IP, *words], capture_output=True, text=True, check=False)
    return done.returncode == 0


def inside(host: str, *words: str) -> list[str]:
    return [IP, "netns", "exec", host, *words]


def may_have_hosts() -> bool:
    return bool(IP) and os.geteuid() == 0 and ip("netns", "add", WEB) and ip("netns", "del", WEB)


pytestmark = pytest.mark.skipif(
    not may_have_hosts(), reason="this user may not make network namespaces"
)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[None]:
    """A Redis that both hosts reach; neither reaches the other."""
    for host in (REDIS, WORKER, WEB):
        assert ip("netns", "add", host)
    for host, net in ((WORKER, TO_WORKER), (WEB, TO_WEB)):
        mine, theirs = f"r{host}"[:15], f"h{host}"[:15]
        ends = ("netns", REDIS), ("peer", "name", theirs, "netns", host)
        assert ip("link", "add", mine, *ends[0], "type", "veth", *ends[1])
        for where, link, number in ((REDIS, mine, 1), (host, theirs, 2)):
            assert ip("-n", where, "addr", "add", f"{net}.{number}/24", "dev", link)
            assert ip("-n", where, "link", "set", link, "up")
    words = ["--bind", f"{TO_WORKER}.1", f"{TO_WEB}.1", "--requirepass", "s3cret", "--save", ""]
    program = str(choose_server(tmp_path).path)
    server = subprocess.Popen(inside(REDIS, program, *words, "--dir", str(tmp_path)))
    try:
        check = f"import socket; socket.create_connection(('{TO_WEB}.1', 6379), 1)"
        python = inside(WEB, sys.executable, "-c", check)
        until(lambda: not subprocess.run(python, capture_output=True, check=False).returncode,
              what="Redis answers")  # fmt: skip
        yield
    finally:
        server.kill()
        server.wait()
        for host in (REDIS, WORKER, WEB):
            ip("netns", "del", host)


def test_a_web_host_and_a_worker_host_share_nothing_but_redis(
    redis: None, prepare_daemon: DaemonMaker, tmp_path: Path
) -> None:
    web = subprocess.Popen(
        inside(WEB, sys.executable, "-I", "-c", WEB_PROGRAM, f"redis://:s3cret@{TO_WEB}.1/0"),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env={},
    )  # fmt: skip
    assert web.stdin is not None
    assert web.stdout is not None
    with web:
        assert web.stdout.readline() == "queued\n", "no worker has ever run"
        worker = prepare_daemon(
            "jobs:session", cwd=PROGRAMS, env={"RTD_REDIS": f"redis://:s3cret@{TO_WORKER}.1/0"}
        )
        worker.command = inside(WORKER, str(BIN / "rtd"), *worker.command[1:])
        worker.executable = Path(IP)
        worker.start()
        web.stdin.write("\n")
        web.stdin.flush()
        assert web.stdout.read() == "3 succeeded\n"
    assert web.returncode == 0
