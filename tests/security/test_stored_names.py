"""Names in Redis that become paths: of output, of executors. Another program may write there."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rtctl import Client
from rtd.common.errors import StoreError
from rtd.model.run_record import decode_record, encode_record
from rtd.store.commands import keys
from rtd.store.connection.command import RedisCommand
from rtd.supervisor.ending.dead_executor_files import DeadExecutorFiles
from rtd.supervisor.runs.read_output import OutputSource, open_output
from tests.helpers.daemon import Daemon, shared_daemon
from tests.helpers.deadline import until
from tests.helpers.occurrences import connect_redis
from tests.helpers.running import client, until_running
from tests.helpers.source import PROGRAMS

PREFIX = keys.prefix("rtd")
SECRET = "secret of another file"


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    """A daemon with tasks."""
    with shared_daemon("jobs:session", cwd=PROGRAMS) as daemon:
        yield daemon


@pytest.fixture
def rt(daemon: Daemon) -> Iterator[Client]:
    """A client of this daemon."""
    with client(daemon) as found:
        yield found


def set_output(daemon: Daemon, run_id: str, output: list[object]) -> None:
    """Write another place of the output into the record of an ended run."""
    key = f"{PREFIX}r:{run_id}"
    with connect_redis(daemon) as store:
        record = decode_record(store.execute(RedisCommand(("GET", key))))
        attempts = (record.attempts[0]._replace(output=output),)
        store.execute(RedisCommand(("SET", key, encode_record(record._replace(attempts=attempts)))))


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file that is no output."""
    path = tmp_path / "secret.1.out"
    path.write_text(SECRET)
    return path


@pytest.mark.parametrize(
    "name",
    ["{}", "../../..{}", "sub/../../..{}", "./x.1.seg", "x.seg", "", "\0.1.seg", 7, ["a"], None],
)
@pytest.mark.parametrize("words", [(), ("-n", "3")])
def test_no_record_makes_the_daemon_read_another_file(
    daemon: Daemon, rt: Client, secret: Path, name: object, words: tuple[str, ...]
) -> None:
    run = rt.submit("add", a=1)
    run.wait(10)
    wanted = name.format(secret) if isinstance(name, str) else name
    set_output(daemon, run.id, [wanted, 0, 100, 0, 0])
    done = daemon.rtctl("logs", run.id, *words)
    assert SECRET not in done.stdout
    assert "failed inside" not in done.stderr
    assert len(done.stderr.splitlines()) <= 1


@pytest.mark.parametrize("sizes", [(0, 1 << 61, 0), (-5, 10, 0), (0, 10, 1 << 61), (1 << 63, 1, 1),
                                   ("a", 1, 1), (0, 1.5, 0), (0, True, 0)])  # fmt: skip
def test_no_place_in_a_record_holds_up_the_daemon(
    daemon: Daemon, rt: Client, sizes: tuple[object, ...]
) -> None:
    run = rt.submit("speak")
    run.wait(10)
    row = rt.rpc.show(run=run.id)
    assert row["attempts"]
    with connect_redis(daemon) as store:
        blob = store.execute(RedisCommand(("GET", f"{PREFIX}r:{run.id}")))
    output = decode_record(blob).attempts[0].output
    assert output is not None
    set_output(daemon, run.id, [output[0], *sizes, 0])
    began = time.monotonic()
    for words in ((), ("-n", "2"), ("--stream", "err")):
        assert "failed inside" not in daemon.rtctl("-j", "logs", run.id, *words).stderr
    assert time.monotonic() - began < 10
    rt.ping()


def test_a_link_in_the_place_of_output_is_not_followed(
    daemon: Daemon, rt: Client, secret: Path
) -> None:
    folder = daemon.home / "state" / "output"
    link = folder / "link.1.out"
    link.symlink_to(secret)
    os.mkfifo(folder / "fifo.1.out")
    for name in ("link.1.out", "fifo.1.out"):
        run = rt.submit("add", a=1)
        run.wait(10)
        set_output(daemon, run.id, [name, 0, 20, 0, 0])
        assert daemon.rtctl("logs", run.id).stdout == ""
        with pytest.raises(FileNotFoundError):
            open_output(folder / name)
    link.unlink()


def test_no_id_of_an_executor_in_redis_deletes_files_of_others(
    daemon: Daemon, rt: Client, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    run = until_running(rt.submit("hold", gate=str(gate)))
    until(lambda: "holding" in "".join(map(str, run.logs())), what="its output")
    folder = daemon.home / "state" / "output"
    before = {path.name for path in folder.glob("x-*")}
    assert before
    DeadExecutorFiles(folder, "*").remove()
    assert DeadExecutorFiles(folder, "*").read_outcomes() == []
    assert DeadExecutorFiles(folder, "../x").claim_output(0, "x", 1) is None
    assert before <= {path.name for path in folder.glob("x-*")}
    gate.touch()
    run.wait(10)


def test_an_unknown_name_is_refused_with_the_name(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="which rtd never does"):
        OutputSource.from_record(tmp_path, ["/etc/passwd", 0, 10, 0, 0])
    assert OutputSource.from_record(tmp_path, ["", 0, 0, 0, 9]) is None
    found = OutputSource.from_record(tmp_path, ["01KAJ3V5Q0E7Z4M2T8W6R1X9YB.1.seg", 8, 10, 0, 0])
    assert found is not None
    assert not found.is_there()
