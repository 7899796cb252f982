"""A CSV log in a directory in which others may write."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from rtd.common.errors import ConfigError
from rtd.model.csv_task_log import read_csv
from rtd.model.task_log_entry import LogRow
from rtd.session.task_log.csv_handler import CsvHandler
from rtd.session.task_log.log_record import TaskRecord
from tests.helpers.other_user import NOBODY, STRANGER, as_user, give, needs_root, open_folder

pytestmark = needs_root


def write(path: Path) -> None:
    """Write one row, as the log writer of a task does."""
    handler = CsvHandler(path)
    handler.is_buffered = True
    handler.handle(TaskRecord(LogRow("job", "run", "R1", 1.5, None)))
    handler.flush()


def link(place: Path, victim: Path) -> None:
    place.symlink_to(victim)
    give(place, NOBODY)


def hard_link(place: Path, victim: Path) -> None:
    os.link(victim, place)


def own_file(place: Path, victim: Path) -> None:
    place.touch()
    give(place, NOBODY, 0o666)


def pipe(place: Path, victim: Path) -> None:
    os.mkfifo(place)
    give(place, NOBODY, 0o666)


def socket_file(place: Path, victim: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))


@pytest.mark.parametrize("plant", [link, hard_link, own_file, pipe, socket_file])
@pytest.mark.parametrize(("mode", "owner"), [(0o1777, 0), (0o755, STRANGER)])
def test_nothing_that_another_user_has_planted_is_written(
    folder: Path, plant: Callable[[Path, Path], None], mode: int, owner: int
) -> None:
    victim = folder / "victim"
    victim.write_text("precious\n")
    with open_folder(mode, owner) as place:
        plant(place / "log.csv", victim)
        with pytest.raises(OSError, match=r"log\.csv"):
            write(place / "log.csv")
        assert victim.read_text() == "precious\n"
        assert plant is not own_file or (place / "log.csv").stat().st_size == 0


def test_a_file_of_ones_own_is_written_there_and_a_link_where_others_may_not_write(
    folder: Path,
) -> None:
    with open_folder(0o1777) as place:
        write(place / "log.csv")
        write(place / "log.csv")
        assert (place / "log.csv").read_text().count("R1") == 1
    (folder / "link.csv").symlink_to(folder / "real.csv")
    write(folder / "link.csv")
    assert "R1" in (folder / "real.csv").read_text()


@pytest.mark.parametrize("plant", [pipe, socket_file, lambda place, victim: place.mkdir()])
def test_only_a_regular_file_is_read_as_a_log(
    folder: Path, plant: Callable[[Path, Path], None]
) -> None:
    plant(folder / "log.csv", folder)
    with pytest.raises(ConfigError, match="no regular file"):
        list(read_csv(folder / "log.csv"))
    with pytest.raises(ConfigError, match="no regular file"):
        list(read_csv(Path("/dev/zero")))


def test_another_user_writes_its_own() -> None:
    with open_folder(0o1777) as place:
        assert as_user(STRANGER, lambda: write(place / "log.csv")) == "None"
        assert (place / "log.csv").stat().st_uid == STRANGER
        assert "PermissionError" in as_user(NOBODY, lambda: write(place / "log.csv"))
