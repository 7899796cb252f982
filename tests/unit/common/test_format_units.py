"""Times, durations and counts as people read them."""

from zoneinfo import ZoneInfo

from rtd.common.format_units import format_count, format_time


def test_a_time_has_its_date_and_the_name_of_its_zone() -> None:
    helsinki = ZoneInfo("Europe/Helsinki")
    assert format_time(1774742400.25, helsinki) == "2026-03-29 02:00:00 EET"
    assert format_time(1774746000, helsinki) == "2026-03-29 04:00:00 EEST"
    assert format_time(1774742400.25, helsinki, has_ms=True) == "2026-03-29 02:00:00.250 EET"
    assert format_time(0, ZoneInfo("America/Sao_Paulo")) == "1969-12-31 21:00:00 -03"


def test_a_count_has_its_noun_in_the_right_number() -> None:
    assert [format_count(count, "run") for count in (0, 1, 2_000)] == [
        "0 runs",
        "1 run",
        "2,000 runs",
    ]
    assert format_count(1, "process", "processes") == "1 process"
    assert format_count(2, "process", "processes") == "2 processes"
