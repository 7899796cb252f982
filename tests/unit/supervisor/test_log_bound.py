"""The log file stays within its bound, also when runs write to it."""

import asyncio
import logging
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rtd.supervisor.core.log_rotation import BoundedFile, BoundedHandler, rotate_periodically
from tests.helpers.deadline import until

LIMIT = 4000


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the log file is."""
    return tmp_path / "rtd.log"


@pytest.fixture
def handler(log: Path) -> Iterator[BoundedHandler]:
    """The daemon's handler on that file, which is open for appending."""
    with log.open("a") as stream:
        found = BoundedHandler(log, LIMIT)
        found.setStream(stream)
        yield found


def lines_of(path: Path) -> list[str]:
    """Its lines; none when there is no such file."""
    return path.read_text().splitlines() if path.exists() else []


def test_a_log_that_grows_keeps_one_old_file(log: Path, handler: BoundedHandler) -> None:
    for number in range(1000):
        handler.handle(logging.makeLogRecord({"msg": f"line number {number:06d}"}))
        assert log.stat().st_size <= LIMIT
    old = log.with_name("rtd.log.1")
    kept = lines_of(old) + lines_of(log)
    assert old.stat().st_size <= LIMIT
    assert kept[-200:] == [f"line number {number:06d}" for number in range(800, 1000)]
    assert sorted(os.listdir(log.parent)) == ["rtd.log", "rtd.log.1"]


def test_prints_of_an_app_past_the_daemon_are_bounded_too(
    log: Path, handler: BoundedHandler
) -> None:
    """It has the file as its own stdout; what it writes afterwards begins at the start."""
    printer = subprocess.Popen(
        ["sh", "-c", "yes words | head -c 60000; echo done; read x; echo after"],
        stdin=subprocess.PIPE, stdout=handler.stream,
    )  # fmt: skip
    until(lambda: log.read_bytes().endswith(b"done\n"), what="all is printed")

    async def look() -> None:
        looking = asyncio.create_task(rotate_periodically([handler], look_s=0.01))
        while log.stat().st_size:
            await asyncio.sleep(0.01)
        looking.cancel()

    asyncio.run(asyncio.wait_for(look(), 10))
    printer.communicate(b"\n")
    assert log.read_bytes() == b"after\n"
    old = log.with_name("rtd.log.1").read_bytes()
    assert (len(old), old[-11:]) == (LIMIT, b"words\ndone\n")


def test_without_room_for_the_old_log_the_bound_comes_first(
    log: Path, handler: BoundedHandler
) -> None:
    log.with_name("rtd.log.new").mkdir()
    log.with_name("rtd.log.new").joinpath("x").touch()
    os.write(handler.stream.fileno(), b"x" * 5000)
    handler.rotate()
    assert log.stat().st_size == 0


def test_the_log_of_another_program_is_moved_away_under_its_hands(log: Path) -> None:
    """As the embedded Redis has its log: as stdout and stderr, open for appending."""
    with log.open("ab") as stream:
        other = BoundedFile(log, LIMIT)
        other.rotate()
        os.write(stream.fileno(), b"x" * LIMIT)
        other.rotate()
        assert log.stat().st_size == LIMIT
        os.write(stream.fileno(), b"one more\n")
        other.rotate()
        assert log.stat().st_size == 0
        os.write(stream.fileno(), b"and on\n")
    assert lines_of(log) == ["and on"]
    assert lines_of(log.with_name("rtd.log.1"))[-1].endswith("one more")


def test_a_log_that_does_not_exist_is_not_looked_for_in_vain(tmp_path: Path) -> None:
    BoundedFile(tmp_path / "none" / "redis.log", LIMIT).rotate()
    assert os.listdir(tmp_path) == []
