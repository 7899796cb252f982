"""Exceptions whose text is no UTF-8: the name of a file, for one."""

from pathlib import Path

import pytest

from rtd.model.run_states import RunState
from rtd.session import Session
from tests.functional.executor.harness import Bench

session = Session()


def _open() -> None:
    Path(b"/nowhere/\xff\xfe".decode(errors="surrogateescape")).read_bytes()


@session.task()
def in_process() -> None:
    _open()


@session.task(fresh=True)
def in_fork() -> None:
    _open()


@session.task(lane="thread")
def in_thread() -> None:
    _open()


@pytest.mark.parametrize(
    ("pool", "task"), [("process", "in_process"), ("fresh", "in_fork"), ("thread", "in_thread")]
)
def test_a_file_s_name_that_is_no_utf8_is_an_error_like_any_other(
    bench: Bench, pool: str, task: str
) -> None:
    bench.fork(pool, session)
    record = bench.ended(bench.submit(task, pool=pool))
    assert record.state is RunState.EXCEPTION
    error = record.attempts[-1].error
    assert error is not None
    assert error[0] == "FileNotFoundError"
    assert "udcff" in error[1]
    assert "udcff" in error[2]
