"""The host's zone: what is set first counts, and something is always said."""

import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from rtd.common import local_timezone as module
from rtd.common.local_timezone import find_local_zone, load_zone, local_timezone


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host without any setting, its files in a folder of the test."""
    monkeypatch.delenv("TZ", raising=False)
    monkeypatch.setattr(module, "_LINK", str(tmp_path / "localtime"))
    monkeypatch.setattr(module, "_NAME", str(tmp_path / "timezone"))
    return tmp_path


def link(host: Path, name: str) -> None:
    data = host / "zoneinfo" / name
    data.parent.mkdir(parents=True)
    data.touch()
    (host / "localtime").symlink_to(data)


def test_a_host_that_says_nothing_is_in_utc(host: Path) -> None:
    assert local_timezone() == "UTC"


@pytest.mark.parametrize("name", ["Europe/Helsinki", "posix/Europe/Helsinki"])
def test_the_link_names_the_zone(host: Path, name: str) -> None:
    link(host, name)
    assert local_timezone() == "Europe/Helsinki"


def test_where_the_rules_are_a_copy_a_file_beside_it_names_the_zone(host: Path) -> None:
    rules = Path("/usr/share/zoneinfo/Asia/Tokyo").read_bytes()
    (host / "localtime").write_bytes(rules)
    (host / "timezone").write_text("Asia/Tokyo\n")
    assert local_timezone() == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("given", "zone"),
    [
        ("America/New_York", "America/New_York"),
        (":America/New_York", "America/New_York"),
        ("/usr/share/zoneinfo/America/New_York", "America/New_York"),
        ("UTC", "UTC"),
        ("GMT", "GMT"),
        ("EST5EDT,M3.2.0,M11.1.0", "EST5EDT,M3.2.0,M11.1.0"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "CET-1CEST,M3.5.0,M10.5.0/3"),
        ("JST-9", "JST-9"),
        ("<+0330>-3:30", "<+0330>-3:30"),
        ("", "UTC"),
        (":", "UTC"),
    ],
)
def test_the_variable_comes_first_and_is_read_as_the_c_library_reads_it(
    host: Path, monkeypatch: pytest.MonkeyPatch, given: str, zone: str
) -> None:
    link(host, "Europe/Helsinki")
    monkeypatch.setenv("TZ", given)
    assert find_local_zone() == (zone, None)
    as_library(monkeypatch, zone)


@pytest.mark.parametrize(
    "given", ["Mars/Phobos", "../../etc/passwd", "/etc/passwd", "/nonexistent", "europe/helsinki"]
)
def test_a_variable_that_names_no_zone_is_told(
    host: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    link(host, "Europe/Helsinki")
    monkeypatch.setenv("TZ", given)
    found = find_local_zone()
    assert found.name == "UTC"
    assert found.problem == f"TZ={given!r} names no time zone of this host: UTC is taken"
    as_library(monkeypatch, "UTC")


def test_rules_that_leave_open_when_clocks_change_are_told(
    host: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "EET-2EEST")
    found = find_local_zone()
    assert found.name == "EET-2EEST"
    assert found.problem is not None
    assert "does not say when the clocks change" in found.problem
    assert load_zone("EET-2EEST").utcoffset(datetime(2026, 7, 1)) == timedelta(hours=3)


def test_a_copy_of_a_zone_without_a_name_is_read_itself(
    host: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = host / "localtime"
    copy.write_bytes(Path("/usr/share/zoneinfo/Europe/Helsinki").read_bytes())
    assert find_local_zone() == (str(copy), None)
    assert load_zone(str(copy)).utcoffset(datetime(2026, 7, 1)) == timedelta(hours=3)
    (host / "timezone").write_text("Asia/Tokyo\n")  # left over from before
    assert find_local_zone() == (str(copy), None)
    (host / "timezone").write_text("Europe/Helsinki\n")
    assert find_local_zone() == ("Europe/Helsinki", None)


def as_library(monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    """The zone has the offsets that the C library has, which all clocks on the screen show."""
    time.tzset()
    try:
        for at in range(1_767_225_600, 1_798_761_600, 7_200):
            offset = datetime.fromtimestamp(at, load_zone(zone)).utcoffset()
            assert offset == timedelta(seconds=time.localtime(at).tm_gmtoff)
    finally:
        monkeypatch.undo()
        time.tzset()
