"""The task log as a CSV file: each row is written once and read back, also in an old file."""

import csv
import logging
from pathlib import Path

import pytest

from rtd.common.errors import ConfigError
from rtd.model.csv_task_log import read_csv
from rtd.model.task_log_entry import LogRow
from rtd.session.task_log.csv_handler import CsvHandler
from rtd.session.task_log.log_record import TaskRecord

BEGAN = LogRow("job", "run", "R1", 1_700_000_000.125, None)
FAILED = LogRow(
    "job", "fail", "R1", 1_700_000_000.125, 1_700_000_001.5, 'Traceback\n  say "no"\nValueError: ä'
)


def write(path: Path, *rows: LogRow, hold: bool = True) -> None:
    """Write some rows, as one process does."""
    handler = CsvHandler(path)
    handler.is_buffered = hold
    for row in rows:
        handler.handle(TaskRecord(row))
    handler.flush()
    handler.close()


def test_written_rows_are_read_again(tmp_path: Path) -> None:
    file = tmp_path / "log" / "tasks.csv"
    write(file, BEGAN, FAILED)
    assert list(read_csv(file)) == [BEGAN, FAILED]


def test_rows_that_come_again_after_a_crash_stand_there_once(tmp_path: Path) -> None:
    file = tmp_path / "tasks.csv"
    later = LogRow("job", "success", "R2", 2.0, 3.0)
    write(file, BEGAN, FAILED)
    write(file, BEGAN, FAILED, later)
    assert list(read_csv(file)) == [BEGAN, FAILED, later]


def test_a_row_that_was_cut_by_a_crash_is_written_again(tmp_path: Path) -> None:
    file = tmp_path / "tasks.csv"
    write(file, BEGAN)
    begun = file.stat().st_size
    write(file, FAILED)
    whole = file.read_bytes()
    for size in range(begun, len(whole)):
        file.write_bytes(whole[:size])
        write(file, BEGAN, FAILED)
        assert file.read_bytes() == whole, f"cut at {size}"


def test_without_holding_back_each_record_is_there_at_once(tmp_path: Path) -> None:
    handler = CsvHandler(tmp_path / "tasks.csv")
    handler.handle(TaskRecord(BEGAN))
    assert list(handler.read()) == [BEGAN]
    handler.handle(TaskRecord(FAILED))
    assert list(handler.read()) == [BEGAN, FAILED]


def test_a_file_that_is_moved_away_is_begun_again(tmp_path: Path) -> None:
    file = tmp_path / "tasks.csv"
    handler = CsvHandler(file)
    handler.handle(TaskRecord(BEGAN))
    file.rename(tmp_path / "tasks.csv.1")
    handler.handle(TaskRecord(FAILED))
    assert list(read_csv(file)) == [FAILED]


def test_a_file_of_red_engines_keeps_its_columns_and_can_be_read(tmp_path: Path) -> None:
    file = tmp_path / "tasks.csv"
    file.write_text(
        '"task_name","asctime","action","start","end","runtime","exc_text"\n'
        '"old","2021-07-01 12:00:00,250","run","2021-07-01 12:00:00.25","","",""\n'
        '"old","2021-07-01 12:00:02,500","success","2021-07-01 12:00:00.25",'
        '"2021-07-01 12:00:02.5","0 days 00:00:02.25",""\n'
    )
    write(file, BEGAN)
    began, ended, new = read_csv(file)
    assert (began.action, ended.action, new.action) == ("run", "success", "run")
    assert ended.end_at is not None
    assert ended.start_at is not None
    assert ended.end_at - ended.start_at == 2.25
    assert ended.start_at == began.start_at
    assert file.read_text().splitlines()[-1].count('","') == 6


def test_rows_that_cannot_be_written_are_a_fault_and_written_later(tmp_path: Path) -> None:
    blocked = tmp_path / "log"
    blocked.write_text("no directory")
    handler = CsvHandler(blocked / "tasks.csv")
    handler.is_buffered = True
    handler.handle(TaskRecord(BEGAN))
    with pytest.raises(OSError, match="log"):
        handler.flush()
    blocked.unlink()
    handler.handle(TaskRecord(FAILED))
    handler.flush()
    assert list(handler.read()) == [BEGAN, FAILED]


def test_a_file_that_is_no_csv_is_told_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "tasks.csv"
    file.write_bytes(b"task_name\raction\n")
    handler = CsvHandler(file)
    handler.is_buffered = True
    for row in [BEGAN] * 10_001:
        handler.handle(TaskRecord(row))
    for row in (BEGAN, FAILED):
        with pytest.raises(ValueError, match=r"its first line names no columns .*move it away"):
            handler.flush()
        handler.handle(TaskRecord(row))
    assert file.read_bytes() == b"task_name\raction\n"
    file.unlink()
    handler.flush()
    assert list(handler.read())[-2:] == [BEGAN, FAILED]
    file.write_text("task_name,action\n" + "x" * (csv.field_size_limit() + 1))
    with pytest.raises(ConfigError, match=r"tasks.csv, after line 1: field larger"):
        list(handler.read())


def test_a_file_that_is_none_of_ours_gives_no_rows(tmp_path: Path) -> None:
    file = tmp_path / "other.csv"
    file.write_text("a,b\n1,2\n")
    assert list(read_csv(file)) == []
    assert list(read_csv(tmp_path / "missing.csv")) == []


def test_a_record_says_what_a_formatter_of_the_standard_library_wants() -> None:
    formatter = logging.Formatter("%(levelname)s %(task_name)s %(action)s %(runtime)s %(message)s")
    text = formatter.format(TaskRecord(FAILED))
    assert text.startswith("ERROR job fail 0:00:01.375000 Task 'job' status: 'fail'\nTraceback")
    assert formatter.format(TaskRecord(BEGAN)) == "INFO job run None Task 'job' status: 'run'"
