"""Another program removes the data of the embedded Redis: Redis writes it again."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable

import pytest

from rtctl import Client
from rtd.store.embedded.append_only_file import AppendOnlyFiles
from rtd.store.embedded.find_server import ServerProgram
from tests.contract.store.servers import name, servers
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client, is_alive
from tests.helpers.source import PROGRAMS

UNWELL = 3


@pytest.fixture
def daemon(start_daemon: DaemonMaker) -> Daemon:
    return start_daemon("jobs:session", cwd=PROGRAMS)


def has_data(daemon: Daemon) -> bool:
    """Whether Redis has all files of its data and its socket."""
    redis = daemon.home / "state/redis"
    return not AppendOnlyFiles(redis).are_missing() and (redis / "redis.sock").exists()


def remove(daemon: Daemon, pattern: str) -> None:
    """Remove what is in the state directory. The daemon may make files meanwhile."""
    for path in (daemon.home / "state").glob(pattern):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def redis_pid(rt: Client) -> int:
    """The process, 0 while Redis does not answer."""
    return int(rt.rpc.info()["redis"].get("pid", 0))


def kill_redis(rt: Client) -> None:
    """Kill it: what it held in memory is gone."""
    pid = redis_pid(rt)
    os.kill(pid, signal.SIGKILL)
    until(lambda: not is_alive(pid), what="Redis is dead")
    until(lambda: redis_pid(rt) not in (0, pid), what="Redis answers again")


def check_data_survives(daemon: Daemon, remove_data: Callable[[], object]) -> None:
    with client(daemon) as rt:
        first = rt.submit("add", a=1).wait(timeout=20)
        remove_data()
        until(lambda: has_data(daemon), what="the data is there")
        until(lambda: daemon.rtctl("ping").returncode == 0, what="the daemon answers")
        until(lambda: redis_pid(rt), what="Redis answers")
        later = rt.submit("add", a=2).wait(timeout=20)
        kill_redis(rt)
        assert [rt.get(run.id).state for run in (first, later)] == ["succeeded"] * 2
        assert rt.submit("add", a=3).wait(timeout=20).state == "succeeded"
    log = daemon.log.read_text()
    assert "another program has removed the data of Redis" in log
    assert "Traceback" not in log


@pytest.mark.parametrize(
    "pattern", ["redis/*", "redis", "redis/appendonlydir", "redis/appendonlydir/*",
                "redis/appendonlydir/*.base.rdb", "../state"],
)  # fmt: skip
def test_removed_data_is_written_again(daemon: Daemon, pattern: str) -> None:
    check_data_survives(daemon, lambda: remove(daemon, pattern))


@pytest.mark.parametrize("pattern", ["redis/*", "redis"])
@pytest.mark.parametrize("server", servers(), ids=name)
def test_each_server_writes_it_again(
    start_daemon: DaemonMaker, server: ServerProgram, pattern: str
) -> None:
    named = f"redis_server={server.path}"
    daemon = start_daemon("jobs:session", cwd=PROGRAMS, flags=["--set", named])
    check_data_survives(daemon, lambda: remove(daemon, pattern))


def test_data_that_was_moved_away_is_written_again(daemon: Daemon) -> None:
    redis = daemon.home / "state/redis"
    check_data_survives(daemon, lambda: redis.rename(daemon.home / "moved"))


def test_a_daemon_that_ends_at_once_writes_it_again(daemon: Daemon) -> None:
    with client(daemon) as rt:
        run = rt.submit("add", a=1).wait(timeout=20)
    remove(daemon, "redis/appendonlydir")
    assert daemon.stop() == 0
    daemon.start()
    with client(daemon) as rt:
        assert rt.get(run.id).state == "succeeded"


def test_data_that_cannot_be_written_again_is_a_fault_until_it_can(daemon: Daemon) -> None:
    redis = daemon.home / "state/redis"
    with client(daemon) as rt:
        run = rt.submit("add", a=1).wait(timeout=20)
        shutil.rmtree(redis)
        redis.write_text("in its place\n")

        def status() -> subprocess.CompletedProcess[str]:
            return daemon.rtctl("status")

        until(lambda: "cannot be written again" in status().stdout, what="status says so")
        assert status().returncode == UNWELL
        assert "cannot be written again" in daemon.log.read_text()
        assert rt.submit("add", a=2).wait(timeout=20).state == "succeeded"  # Redis lives
        redis.unlink()
        until(lambda: has_data(daemon), within_s=40, what="the data is there")
        until(lambda: redis_pid(rt), what="Redis answers")
        kill_redis(rt)
        assert rt.get(run.id).state == "succeeded"


def test_data_that_is_lost_with_redis_is_named_in_the_log(daemon: Daemon) -> None:
    with client(daemon) as rt:
        remove(daemon, "redis/appendonlydir")
        kill_redis(rt)
        assert rt.submit("add", a=1).wait(timeout=20).state == "succeeded"
    assert "Redis has lost it" in daemon.log.read_text()
