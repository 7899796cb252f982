"""Schedules of other programs and of plain English: the error has the condition to write instead,
and that can be read."""

from datetime import UTC, datetime, timedelta

import pytest

from rtd.language.core.errors import ConditionError
from rtd.language.parser import parse

WORKDAYS = "time of week between Monday and Friday"
AS_OTHERS_WRITE_IT = {
    "0 2 * * *": "cron 0 2 * * *",
    "*/5 * * * *": "cron */5 * * * *",
    "0 9 * * 1-5": "cron 0 9 * * 1-5",
    "0 0 2 * * *": "cron 0 2 * * *",
    "H 2 * * *": "cron 0 2 * * *",
    "cron('0 2 * * *')": "cron 0 2 * * *",
    "cron '0 2 * * *'": "cron 0 2 * * *",
    "cron(0 2 * * ? *)": "cron 0 2 * * *",
    "crontab(minute=0, hour=2)": "cron 0 2 * * *",
    "crontab(hour=7, minute=30, day_of_week='mon')": "cron 30 7 * * mon",
    "CronTrigger(hour=2, day_of_week=0)": "cron 0 2 * * 1",
    "@daily": "daily",
    "@hourly": "hourly",
    "@weekly": "weekly",
    "@monthly": "monthly",
    "@yearly": "cron 0 0 1 1 *",
    "@every 5m": "every 5m",
    "daily at 02:00": "daily after 02:00",
    "daily 02:00": "daily after 02:00",
    "every day at 02:00": "daily after 02:00",
    "every day at 2:30 pm": "daily after 14:30",
    "at 2am": "daily after 02:00",
    "at 02:00": "daily after 02:00",
    "02:00": "daily after 02:00",
    "at noon": "daily after 12:00",
    "daily at 2pm and 4pm": "cron 0 14,16 * * *",
    "every weekday": f"daily & {WORKDAYS}",
    "weekdays at 9": f"daily after 09:00 & {WORKDAYS}",
    "every weekend": "daily & time of week between Saturday and Sunday",
    "every monday at 9:00": "weekly on Monday 09:00",
    "mondays and thursdays at 7am": "(weekly on Monday 07:00 | weekly on Thursday 07:00)",
    "every 15th at 10:00": "monthly on 15th 10:00",
    "first monday of the month": "monthly on first Monday",
    "last day of month": "monthly on last day",
    "hourly at :15": "hourly after 15:00",
    "every hour at :15": "hourly after 15:00",
    "every hour": "every 1 hour",
    "every minute": "every 1 minute",
    "every day": "daily",
    "every month": "monthly",
    "every other day": "every 2 days",
    "twice a day": "cron 0 0,12 * * *",
    "5 minutes": "every 5 minutes",
    "rate(5 minutes)": "every 5 minutes",
    "timedelta(minutes=5)": "every 5 minutes",
    "every(10).minutes": "every 10 minutes",
    "every().day.at('10:30')": "daily after 10:30",
    "every 15 minutes on weekdays": f"every 15 minutes & {WORKDAYS}",
    "every 5m from 08:00 to 18:00": "every 5m & time of day between 08:00 and 18:00",
    "OnCalendar=daily": "daily",
    "*-*-* 02:00:00": "daily after 02:00",
    "Mon..Fri 09:00": f"daily after 09:00 & {WORKDAYS}",
    "OnUnitActiveSec=5min": "every 5min",
    "after report": "after task 'report'",
    "when report fails": "after task 'report' failed",
}


@pytest.mark.parametrize(("text", "instead"), AS_OTHERS_WRITE_IT.items())
def test_the_error_has_the_condition_to_write(text: str, instead: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(text)
    assert caught.value.suggestion == instead
    parse(instead)


@pytest.mark.parametrize("text", ["{} & ~has failed today", "~{}", "true | {}"])
def test_within_a_condition_it_is_the_leaf_that_is_translated(text: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(text.format("every day at 02:00"))
    assert caught.value.suggestion == "daily after 02:00"


def test_at_a_time_has_two_meanings_and_the_error_says_both() -> None:
    with pytest.raises(
        ConditionError, match="once a day, at that time or as soon after it"
    ) as caught:
        parse("every day at 02:30")
    assert "`cron 30 2 * * *` at that time alone" in str(caught.value)
    with pytest.raises(ConditionError, match="a cron line follows the word `cron`"):
        parse("0 2 * * *")


@pytest.mark.parametrize("text", ["@reboot", "on startup", "at startup"])
def test_the_start_of_the_daemon_is_an_option(text: str) -> None:
    with pytest.raises(ConditionError, match="write on_startup=True in the task"):
        parse(text)


@pytest.mark.parametrize(
    ("value", "instead"),
    [(timedelta(minutes=10), "every 600 seconds"), (30, "every 30 seconds"), (b"daily", "")],
)
def test_a_span_that_is_no_text_is_translated(value: object, instead: str) -> None:
    with pytest.raises(ConditionError, match="a condition is a text") as caught:
        parse(value)  # type: ignore[arg-type]
    assert caught.value.suggestion == instead


@pytest.mark.parametrize(
    "text", ["hello world", "25:00", "at 99", "once upon a time", "0 99 * * *"]
)
def test_what_means_nothing_is_not_translated(text: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(text)
    if suggestion := caught.value.suggestion:
        assert "at that time alone" not in str(caught.value)
        parse(suggestion)


def test_long_texts_are_refused_quickly() -> None:
    began = datetime.now(UTC)
    for text in ("every " * 30, "mon, " * 39 + "mon", "1:00 and " * 20, "9 " * 90):
        with pytest.raises(ConditionError):
            parse(text)
    assert datetime.now(UTC) - began < timedelta(seconds=5)
