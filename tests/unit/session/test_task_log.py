"""Schemes, and the queries of `get_task_log`."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rtd import Session
from rtd.common.errors import ConfigError
from rtd.log import CsvHandler
from rtd.model.task_log_entry import LogRow, TaskLogEntry
from rtd.session.app.manifest import manifest_of
from rtd.session.context.run_context import FAULTS
from rtd.session.task_log.emitter import Emitter
from rtd.session.task_log.log_record import TaskRecord

AT = datetime(2026, 1, 31, 12, 0).timestamp()  # logs are in local time


@pytest.fixture(autouse=True)
def logger() -> Iterator[logging.Logger]:
    """The logger of the task log, restored after the test."""
    found = logging.getLogger("rtd.task")
    before = (found.handlers[:], found.propagate, found.level)
    found.handlers = []
    yield found
    found.handlers, found.propagate, found.level = before


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the faults that are reported."""
    found: list[str] = []
    monkeypatch.setattr(FAULTS, "sink", lambda _kind, _what, message, _halts: found.append(message))
    return found


@pytest.fixture
def session(tmp_path: Path, logger: logging.Logger) -> Session:
    """A session with a log of four rows."""
    handler = CsvHandler(tmp_path / "tasks.csv")
    logger.addHandler(handler)
    for number, (action, took_s) in enumerate(
        [("run", None), ("success", 2.0), ("run", None), ("fail", 60.0)]
    ):
        start_at = AT + 3600 * (number // 2)
        end_at = None if took_s is None else start_at + took_s
        handler.handle(TaskRecord(LogRow("job", action, f"R{number // 2}", start_at, end_at)))
    return Session(as_default=False)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["run", "success", "run", "fail"]),
        ({"action": "run"}, ["run", "run"]),
        ({"action": ["success", "fail"]}, ["success", "fail"]),
        ({"task_name": "other"}, []),
        ({"run_id": "R1"}, ["run", "fail"]),
        ({"runtime": ("10 seconds", None)}, ["fail"]),
        ({"runtime": (None, timedelta(seconds=2))}, ["success"]),
        ({"timestamp": ("2026-01-31 12:30", None)}, ["run", "fail"]),
        ({"timestamp": (None, datetime(2026, 1, 31, 12, 30))}, ["run", "success"]),
        ({"timestamp": ("2026-01-31 12:30", None), "action": "fail"}, ["fail"]),
    ],
)
def test_a_query_asks_for_values_lists_and_ranges(
    session: Session, query: dict[str, Any], found: list[str]
) -> None:
    assert [row["action"] for row in session.get_task_log(**query)] == found


def test_a_query_that_names_no_field_says_the_nearest(session: Session) -> None:
    with pytest.raises(ConfigError, match="no 'task'; did you mean 'task_name'"):
        session.get_task_log(task="job")
    with pytest.raises(ConfigError, match="timestamp"):
        session.get_task_log(timestamp=("yesterday", None))


def test_without_a_log_that_can_be_read_one_line_says_so() -> None:
    with pytest.raises(ConfigError, match="log_redis"):
        Session(as_default=False).get_task_log()


def test_an_unknown_scheme_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="no scheme 'log_cvs'; did you mean 'log_csv'"):
        Session(scheme="log_cvs", as_default=False)
    with pytest.raises(ConfigError, match="no scheme 3; there are log_simple"):
        Session(scheme=3, as_default=False)  # type: ignore[arg-type]


def test_a_handler_that_exits_is_a_fault_and_the_others_go_on(
    session: Session, logger: logging.Logger, faults: list[str]
) -> None:
    class Leaving(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise SystemExit(3)

        def close(self) -> None:
            raise SystemExit(4)

    logger.handlers.insert(0, Leaving())
    emitter = Emitter()
    emitter.emit(LogRow("job", "run", "R9", AT + 9999, None))
    emitter.flush()
    assert [row["run_id"] for row in session.get_task_log(run_id="R9")] == ["R9"]
    emitter.close()
    assert [fault.partition(" (")[0] for fault in faults] == ["SystemExit: 3", "SystemExit: 4"]


@pytest.mark.parametrize(
    ("scheme", "where"),
    [("log_memory", "memory"), ("log_simple", "memory"), ("log_redis", "redis")],
)
def test_a_scheme_logs_every_run_and_says_where(scheme: str, where: str) -> None:
    for _ in range(2):  # twice is once
        session = Session(scheme=[scheme], as_default=False)
    info = manifest_of(session, "app").info
    assert (info.logged, info.log, info.past) == (True, where, None)
    assert len(logging.getLogger("rtd.task").handlers) == 1 + (scheme == "log_simple")


def test_the_past_is_told_where_it_counts(session: Session) -> None:
    assert manifest_of(session, "app").info.past is None
    session.config.force_status_from_logs = True
    past = manifest_of(session, "app").info.past
    assert past is not None
    assert sorted((at - AT, action) for _, action, at in past) == [
        (0.0, "run"), (2.0, "success"), (3600.0, "run"), (3660.0, "fail")
    ]  # fmt: skip


def test_a_log_that_cannot_be_read_is_a_fault_of_the_app(session: Session, tmp_path: Path) -> None:
    session.config.force_status_from_logs = True
    (tmp_path / "tasks.csv").unlink()
    (tmp_path / "tasks.csv").mkdir()
    info = manifest_of(session, "app").info
    assert info.past is None
    assert [fault.kind for fault in info.faults] == ["log"]


def test_an_entry_of_a_run_that_was_never_started_makes_one_row() -> None:
    entry = TaskLogEntry("R1", "job", "c", False, 0.0, 5000)
    assert list(entry.rows()) == [LogRow("job", "inaction", "R1", None, 5.0)]
