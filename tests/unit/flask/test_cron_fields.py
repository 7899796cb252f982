"""The times of `define_cron_task` and `define_date_task`."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from rtd.common.errors import PolicyError
from rtd.flask import BackgroundTaskWorker
from rtd.flask.core.cron_fields import cron_condition, date_condition
from rtd.language.parser import parse


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"hour": 8}, "0 8 * * *"),
        ({"hour": "0-3"}, "0 0-3 * * *"),
        ({"minute": "*/5"}, "*/5 * * * *"),
        ({"second": 0}, "* * * * *"),
        ({"month": "6-8"}, "0 0 1 6-8 *"),
        ({"day": 1, "hour": 4, "minute": 30}, "30 4 1 * *"),
        ({"day": "last"}, "0 0 L * *"),
        ({"day": "3rd fri"}, "0 0 * * fri#3"),
        ({"day": "last sun, 1st mon"}, "0 0 * * sunL,mon#1"),
        ({"month": "6-8,11-12", "day": "3rd fri", "hour": "0-3"}, "0 0-3 * 6-8,11-12 fri#3"),
        ({"day_of_week": 0}, "0 0 * * mon"),
        ({"day_of_week": "6"}, "0 0 * * sun"),
        ({"day_of_week": "mon-fri", "hour": 8}, "0 8 * * mon,tue,wed,thu,fri"),
        ({"day_of_week": "*/3", "hour": 8}, "0 8 * * mon,thu,sun"),
    ],
)
def test_fields_become_a_cron_line(fields: dict[str, Any], line: str) -> None:
    condition, options = cron_condition({**fields, "timezone": "UTC"})
    assert condition == f"cron {line}"
    assert options == {"timezone": "UTC"}
    parse(condition)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "say when"),
        ({"second": "*/10"}, "second='\\*/10': only '0'"),
        ({"week": 3}, "week='3': only '\\*'"),
        ({"year": 2030, "hour": 3}, "year='2030'"),
        ({"start_date": "2030-01-01"}, "start_date is not known"),
        ({"jitter": 3}, "jitter is not known"),
        ({"day": 13, "day_of_week": "fri"}, "days that fit both"),
        ({"day_of_week": 7}, "'7' is none of 0"),
        ({"day_of_week": "fri-mon"}, "ends before it begins"),
        ({"hour": 3, "start_cond": "daily"}, "the fields are its start_cond"),
        ({"hours": 8}, "^define_cron_task: hours is no field: say hour=$"),
        ({"hours": 8, "minute": 0}, "say hour=$"),
        ({"minutes": 5}, "say minute=$"),
        ({"weekday": "mon"}, "say day_of_week=$"),
        ({"day_of_weak": "mon", "hour": 8}, "say day_of_week=$"),
    ],
)
def test_what_a_line_cannot_say_is_refused(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(PolicyError, match=sentence):
        cron_condition(fields)


def test_a_wrong_number_is_refused_at_the_declaration() -> None:
    with pytest.raises(PolicyError, match="hour"):
        BackgroundTaskWorker().define_cron_task(hour=25)(print_nothing)


def test_times_without_a_name_are_refused() -> None:
    worker = BackgroundTaskWorker()
    with pytest.raises(PolicyError, match=r"takes no '0 8 .*\(start_cond='cron 0 8 \* \* \*'\)"):
        worker.define_cron_task("0 8 * * *")
    with pytest.raises(PolicyError, match=r"takes no <function print_nothing .*\(hour=8\)$"):
        worker.define_cron_task(print_nothing)
    task = worker.define_cron_task(hour=8, retries=2, lane="thread", name="x")(print_nothing)
    assert task.definition.info.policies.retries == 2


def print_nothing(number: int = 0, word: str = "") -> None:
    """Do nothing."""


def test_the_function_gets_args_and_kwargs() -> None:
    worker = BackgroundTaskWorker()
    task = worker.define_cron_task(hour=3, args=(1,), kwargs={"word": "x"})(print_nothing)
    assert dict(task.definition.parameters) == {"number": 1, "word": "x"}
    assert task.definition.info.schedule.start == "cron 0 3 * * *"
    with pytest.raises(PolicyError, match="do not fit"):
        worker.define_cron_task(hour=3, args=(1, 2, 3), name="b")(print_nothing)


def test_a_date_becomes_a_line_of_its_minute() -> None:
    when = datetime.now(UTC).replace(second=20, microsecond=0) + timedelta(hours=2)
    condition, options = date_condition(when, None)
    rounded = when + timedelta(seconds=40)
    line = f"{rounded.minute} {rounded.hour} {rounded.day} {rounded.month} *"
    assert condition == f"cron {line}"
    assert options == {"timezone": "UTC"}
    assert date_condition((date.today() + timedelta(days=9)).isoformat(), None)[1] == {}


def test_a_date_that_has_passed_is_a_fault() -> None:
    worker = BackgroundTaskWorker()
    task = worker.define_date_task("2020-01-31 08:00")(print_nothing)
    assert task.definition.info.schedule.start is None
    assert "has passed" in worker.session.faults[0].message


@pytest.mark.parametrize(
    ("value", "zone", "sentence"),
    [
        ("soon", None, "run_date: Invalid isoformat"),
        (3, None, "3 is no time"),
        ("2099-01-01", None, "more than a year ahead"),
        ("2099-01-01", "Mars/Here", "no time zone 'Mars/Here'"),
    ],
)
def test_a_date_of_no_use_is_refused(value: Any, zone: str | None, sentence: str) -> None:
    with pytest.raises(PolicyError, match=sentence):
        date_condition(value, zone)
