"""`allow_commands = false`: the app's tasks run, also those that are commands, and nothing else."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rtctl import Client
from rtctl.client.errors import RunFailed
from rtd.common.errors import NotPermitted
from rtd.common.ids import new_id
from rtd.common.msgpack_values import pack
from rtd.config.config import Config
from rtd.config.setting_readers import merge_app_settings
from rtd.model.run_record import RunSpec, new_record
from rtd.store.commands import keys
from rtd.store.commands.arguments import Submission
from rtd.store.commands.commands import StoreCommands
from rtd.store.connection.blocking import RedisConnection
from tests.helpers.daemon import Daemon, DaemonMaker, shared_daemon
from tests.helpers.external import ExternalRedis
from tests.helpers.running import client

APP = """
from rtd import Session
from rtd.tasks import CommandTask

session = Session(config={})
CommandTask(["echo", "declared"], name="declared", session=session)
"""


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExternalRedis]:
    """A Redis that others can write to."""
    found = ExternalRedis(tmp_path_factory.mktemp("r"))
    found.start()
    yield found
    found.kill()


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory, redis: ExternalRedis) -> Iterator[Daemon]:
    folder = tmp_path_factory.mktemp("app")
    (folder / "app.py").write_text(APP)
    flags = ["--set", "allow_commands=false", "--redis", redis.url]
    with shared_daemon("app.py", flags, cwd=folder) as daemon:
        yield daemon


def queue_directly(redis: ExternalRedis, node: str, mark: Path) -> str:
    """Queue a command as a program does that may write to Redis. Returns the run's id."""
    calls, link = StoreCommands("rtd"), RedisConnection.connect(redis.url)
    spec = RunSpec(
        id=new_id(), task="command", params=pack({"argv": ["touch", str(mark)]}, "params"),
        lane="command", queue="default", priority=0, submitted_at=1.0, opts={}, by="a neighbour",
        key=None,
    )  # fmt: skip
    place = keys.place("command", "default", 0)
    item = keys.item(spec.id, None, "command")
    run = Submission(spec.id, new_record(spec), item, 0, 0)
    link.execute(calls.submit(node, place, "command", 1, [run]))
    link.close()
    return spec.id


def test_a_command_of_a_client_is_refused_with_one_line(daemon: Daemon) -> None:
    for words in (["run", "--", "id"], ["submit", "--", "id"], ["submit", "command", "argv:=[]"]):
        done = daemon.rtctl(*words)
        assert (done.returncode, done.stderr.count("\n")) == (4, 1), done
        assert "allow_commands = false" in done.stderr
    with client(daemon) as rt:
        for submit in (
            lambda: rt.command("id"),
            lambda: rt.task("command").submit_many([{"argv": ["id"]}] * 3),
        ):
            with pytest.raises(NotPermitted, match="allow_commands"):
                submit()


def test_a_task_of_the_app_that_is_a_command_runs(daemon: Daemon) -> None:
    assert daemon.ok("run", "declared") == "declared\n"
    assert daemon.ok("tasks", "-q").split() == ["declared"]


def test_a_command_that_stands_in_redis_is_not_run_and_not_retried(
    daemon: Daemon, redis: ExternalRedis, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    run_id = queue_directly(redis, os.uname().nodename, mark)
    with client(daemon) as rt:
        with pytest.raises(RunFailed, match="allow_commands = false"):
            rt.get(run_id).result(timeout=20)
        outcome = rt.rpc.retry(runs=[run_id])["runs"][0]
        assert outcome["error"] is not None
        assert outcome["error"][0] == "not_permitted"
    assert not mark.exists()


def test_another_node_runs_the_commands_that_this_one_does_not(
    daemon: Daemon, redis: ExternalRedis, start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    flags = ["--redis", redis.url, "--set", "node=second"]
    other = start_daemon(None, flags)
    marks = [tmp_path / str(number) for number in range(4)]
    with Client(other.socket) as rt:
        runs = [rt.command("touch", str(mark)) for mark in marks]
        for run in runs:
            run.wait(timeout=20)
        assert [run.state for run in runs] == ["succeeded"] * 4
    assert all(mark.exists() for mark in marks)


def test_an_app_cannot_allow_commands() -> None:
    config = Config(allow_commands=False, given={"allow_commands": False})
    assert merge_app_settings(config, {"allow_commands": True}).allow_commands is False
    assert merge_app_settings(Config(), {"allow_commands": False}).allow_commands is True


@pytest.mark.skipif(os.getuid() != 0, reason="only a daemon of root gives root away")
def test_root_is_warned_of_what_it_gives_away(daemon: Daemon, start_daemon: DaemonMaker) -> None:
    log = daemon.log.read_text()
    assert "may run the app's tasks as root" in log
    assert "the Redis unix://" in log
    log = start_daemon(None, ["--group", "4321"]).log.read_text()
    assert "warn  members of the group '4321' may run commands as root" in log
