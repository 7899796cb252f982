"""Times that people see have a date and a zone: they are read elsewhere, and later."""

import re
from collections.abc import Iterator

import pytest

from tests.helpers.daemon import Daemon, shared_daemon

APP = """
from rtd import Session

session = Session(scheme="log_memory")

@session.task(start_cond="daily between 02:00 and 02:01", timezone="Europe/Helsinki")
def night():
    print("line")
    raise ValueError("no room")
"""
CLOCK = re.compile(r"\d\d:\d\d:\d\d")
WHOLE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{3})? (JST|EES?T)\b")


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    folder = tmp_path_factory.mktemp("times")
    (folder / "times.py").write_text(APP)
    with shared_daemon("times:session", [], folder, {"TZ": "Asia/Tokyo"}) as found:
        yield found


@pytest.fixture(scope="module")
def run(daemon: Daemon) -> str:
    """A run that has failed."""
    run = daemon.ok("submit", "night").split()[0]
    assert daemon.rtctl("wait", run).returncode == 1
    return run


@pytest.mark.parametrize(
    "words",
    [
        ["status"],
        ["info"],
        ["show", "RUN"],
        ["events"],
        ["why", "RUN"],
        ["next"],
        ["ls", "-o", "wide"],
        ["logs", "-t", "RUN"],
        ["tasklog"],
    ],
    ids=" ".join,
)
def test_each_time_has_its_date_and_zone(daemon: Daemon, run: str, words: list[str]) -> None:
    shown = daemon.ok(*[run if word == "RUN" else word for word in words])
    assert len(CLOCK.findall(shown)) == len(WHOLE.findall(shown)), shown
    assert WHOLE.search(shown)


def test_why_says_of_which_day_and_zone_its_times_are(daemon: Daemon, run: str) -> None:
    head, _, tree = daemon.ok("why", "night").partition("\n\n")
    assert len(CLOCK.findall(head)) == len(WHOLE.findall(head)) == 2, head
    moment, first, *_ = tree.splitlines()
    assert re.fullmatch(r"at \S+ \S+ EES?T \(Europe/Helsinki\)", moment)
    assert first.startswith("  false  daily between 02:00 and 02:01: ")


def test_a_line_of_the_log_has_its_date_and_zone(daemon: Daemon, run: str) -> None:
    (line,) = [line for line in daemon.log.read_text().splitlines() if f"run {run}" in line]
    assert re.match(rf"{WHOLE.pattern} warn  run {run} ", line), line
