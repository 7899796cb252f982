"""The host's zone: what is set first counts, and something is always said."""

from pathlib import Path

import pytest

from rtd.common import local_timezone as module
from rtd.common.local_timezone import local_timezone


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
    (host / "localtime").write_bytes(b"TZif2")
    (host / "timezone").write_text("Asia/Tokyo\n")
    assert local_timezone() == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("given", "zone"),
    [
        ("America/New_York", "America/New_York"),
        (":America/New_York", "America/New_York"),
        ("/usr/share/zoneinfo/America/New_York", "America/New_York"),
        ("UTC", "UTC"),
        ("Japan", "Japan"),
        ("../../etc/passwd", "Europe/Helsinki"),
        ("EET-2EEST,M3.5.0/3,M10.5.0/4", "Europe/Helsinki"),
        ("", "Europe/Helsinki"),
    ],
)
def test_the_variable_comes_first_where_it_names_a_zone(
    host: Path, monkeypatch: pytest.MonkeyPatch, given: str, zone: str
) -> None:
    link(host, "Europe/Helsinki")
    monkeypatch.setenv("TZ", given)
    assert local_timezone() == zone
