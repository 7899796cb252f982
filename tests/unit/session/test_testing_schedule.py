"""`rtd.testing.Schedule`: the conditions of an app on a clock that a test moves."""

from datetime import UTC, datetime

import pytest

import rtd
from rtd.common.errors import BadRequest, UnknownTask
from rtd.testing import Schedule

BEGIN = "2026-01-31 00:00"


@pytest.fixture
def session() -> rtd.Session:
    session = rtd.Session()

    @session.task(start_cond="daily after 08:00")
    def fetch() -> None: ...

    @session.task(start_cond="after task 'fetch' failed")
    def alarm() -> None: ...

    @session.task(start_cond="after task 'fetch'")
    def clean() -> None: ...

    @session.task()
    def other() -> None: ...

    return session


def told(starts: list[tuple[datetime, str]]) -> list[tuple[str, str]]:
    return [(f"{at:%d %H:%M}", task) for at, task in starts]


def test_the_clock_moves_over_the_starts_and_each_is_told_once(session: rtd.Session) -> None:
    schedule = Schedule(session, at=BEGIN, timezone="Europe/Berlin")
    assert told(schedule.move(hours=7)) == []
    assert told(schedule.move(hours=1)) == [("31 08:00", "fetch")]
    assert told(schedule.move(hours=1)) == [("31 08:00", "clean")]
    assert told(schedule.move_to("2026-02-01 12:00")) == [
        ("01 08:00", "fetch"),
        ("01 08:00", "clean"),
    ]
    assert schedule.now.isoformat() == "2026-02-01T12:00:00+01:00"
    assert schedule.move() == []


def test_what_is_due_at_the_start_is_told(session: rtd.Session) -> None:
    schedule = Schedule(session, at="2026-01-31 09:00", timezone="Europe/Berlin")
    assert told(schedule.move()) == [("31 09:00", "fetch")]


def test_a_run_ends_as_finish_says(session: rtd.Session) -> None:
    schedule = Schedule(session, at=BEGIN, timezone="Europe/Berlin", runs_end=False)
    assert told(schedule.move(hours=10)) == [("31 08:00", "fetch")]
    assert told(schedule.move(days=2)) == []  # it goes on
    schedule.finish("fetch", "error")
    assert told(schedule.move()) == [("02 10:00", "alarm")]
    schedule.finish("fetch", at="2026-02-02 11:00")
    assert told(schedule.move(minutes=59)) == []
    assert told(schedule.move(minutes=1)) == [("02 11:00", "clean")]
    schedule.finish("other", "terminated")
    assert schedule.move() == []


def test_a_failure_in_the_place_of_the_success(session: rtd.Session) -> None:
    schedule = Schedule(session, at=BEGIN, timezone="Europe/Berlin")
    schedule.move(hours=8)
    schedule.finish("fetch", "exception")
    assert told(schedule.move(hours=1)) == [("31 08:00", "alarm")]


def test_moments_and_zones(session: rtd.Session) -> None:
    utc = datetime(2026, 1, 31, 7, 0, tzinfo=UTC)
    schedule = Schedule(session, at=utc, timezone="Europe/Berlin")
    assert told(schedule.move()) == [("31 08:00", "fetch")]
    assert Schedule(session, at=datetime(2026, 1, 31), timezone="UTC").now == datetime(
        2026, 1, 31, tzinfo=UTC
    )


def test_wrong_calls_are_one_line(session: rtd.Session) -> None:
    schedule = Schedule(session, at=BEGIN, timezone="UTC")
    schedule.move(hours=1)
    for wrong, text in (
        (lambda: schedule.move(hours=-1), "does not go back"),
        (lambda: schedule.move_to(BEGIN), "does not go back"),
        (lambda: schedule.move_to("soon"), "move_to: 'soon' is no moment"),
        (lambda: schedule.move(days=4_000_000), "years 1900 to 8999"),
        (lambda: schedule.finish("fetch", "failed"), "'failed' is no state of a run's end"),
        (lambda: schedule.finish("fetch", at=BEGIN), "is before"),
        (lambda: Schedule(session, at="1800-01-01"), "years 1900 to 8999"),
        (lambda: Schedule(session, timezone="Mars"), "no IANA name"),
    ):
        with pytest.raises(BadRequest, match=text):
            wrong()
    with pytest.raises(UnknownTask):
        schedule.finish("nothing")
