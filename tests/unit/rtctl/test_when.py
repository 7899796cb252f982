"""Points in time as people write them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rtctl.cli.flags import UsageError
from rtctl.cli.parse_time import parse_since, parse_span, parse_when

NOW = datetime(2026, 1, 30, 12, 0)  # a Friday


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("13:30", datetime(2026, 1, 30, 13, 30)),
        ("08:00", datetime(2026, 1, 31, 8, 0)),
        ("8:00:15", datetime(2026, 1, 31, 8, 0, 15)),
        ("tomorrow", datetime(2026, 1, 31)),
        ("tomorrow 08:00", datetime(2026, 1, 31, 8)),
        ("today 08:00", datetime(2026, 1, 30, 8)),
        ("friday 22:30", datetime(2026, 2, 6, 22, 30)),
        ("Monday 7:05", datetime(2026, 2, 2, 7, 5)),
        ("2026-02-28 08:00", datetime(2026, 2, 28, 8)),
        ("2026-02-28T08:00:01", datetime(2026, 2, 28, 8, 0, 1)),
        ("now", NOW),
        ("+90s", datetime(2026, 1, 30, 12, 1, 30)),
    ],
)
def test_a_coming_moment(text: str, moment: datetime) -> None:
    assert parse_when(text, NOW) == moment.timestamp()


def test_epoch_seconds_and_offsets_need_no_zone() -> None:
    assert parse_when("@1769846400") == 1769846400
    assert parse_when("2026-01-31T08:00:00Z") == 1769846400


def test_a_moment_is_in_the_zone_of_now_when_it_has_one() -> None:
    now = datetime(2026, 1, 30, 12, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
    for text, hour in (("2026-01-31 08:00", 8), ("tomorrow 08:00", 8), ("06:30", 6.5)):
        moment = datetime(2026, 1, 30, 15, tzinfo=UTC).timestamp() + hour * 3600
        assert parse_when(text, now) == moment
    assert parse_when("2026-01-31 08:00Z", now) == 1769846400


@pytest.mark.parametrize("text", ["", "soon", "25:00", "tomorrow at 8", "@x", "+x", "2026-13-01"])
def test_a_text_that_is_no_time_says_what_would_be(text: str) -> None:
    with pytest.raises(UsageError, match="is no time; write 08:00"):
        parse_when(text, NOW)


def test_a_time_of_day_ends_a_span_where_people_expect() -> None:
    """Also one that is still to come: of today, or the first after the beginning."""
    now = datetime.now().replace(second=0, microsecond=0)
    if 1 <= now.hour <= 22:  # so that all of these are of one day
        clocks = [f"{now + timedelta(minutes=m):%H:%M}" for m in (-40, -20, 30)]
        ago, near, later = (now + timedelta(minutes=m) for m in (-40, -20, 30))
        assert parse_span("ls", clocks[0], clocks[2]) == (ago.timestamp(), later.timestamp())
        assert parse_span("ls", clocks[0], clocks[1]) == (ago.timestamp(), near.timestamp())
        assert parse_span("ls", None, clocks[2]) == (None, later.timestamp())
        assert parse_span("ls", "3d", clocks[2])[1] == later.timestamp()
        yesterday = later - timedelta(days=1)
        since, until = parse_span("ls", clocks[2], clocks[0])
        assert (since, until) == (yesterday.timestamp(), ago.timestamp())
    start, end = parse_span("ls", "22:00", "06:00")
    assert start is not None
    assert end is not None
    assert 7 * 3600 <= end - start <= 9 * 3600


def test_a_span_that_begins_in_the_future_is_an_error() -> None:
    with pytest.raises(UsageError, match="ls: --since tomorrow is in the future"):
        parse_span("ls", "tomorrow", None)


def test_an_error_names_its_flag() -> None:
    for since, until, flag in (("soon", None, "--since"), ("1h", "soon", "--until")):
        with pytest.raises(UsageError, match=f"misses: {flag}: 'soon' is no time"):
            parse_span("misses", since, until)


def test_since_looks_back() -> None:
    now = datetime.now().timestamp()
    assert parse_since("10m") == pytest.approx(now - 600, abs=5)
    assert parse_since("-1h") == pytest.approx(now - 3600, abs=5)
    assert parse_since("00:00") <= now
    assert parse_since("23:59") <= now
    assert parse_since("2026-01-31 08:00") == datetime(2026, 1, 31, 8).timestamp()
