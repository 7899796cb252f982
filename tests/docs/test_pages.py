"""Every command and every block of code in the README and the documentation does what it shows."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.markdown import blocks, matches
from tests.docs.reader import Reader
from tests.helpers.daemon import BIN, Daemon
from tests.helpers.source import ROOT

README = ROOT / "README.md"
TUTORIAL = ROOT / "docs" / "tutorial.md"
PAGES = [
    *sorted(p for p in (ROOT / "docs").rglob("*.md") if "_build" not in p.parts and p != TUTORIAL),
    *sorted((ROOT / "examples").rglob("*.md")),
]


@pytest.fixture
def place() -> Iterator[Daemon]:
    """Directories and an environment for a daemon that the page itself starts."""
    daemon = Daemon()
    yield daemon
    command = [BIN / "rtd", "stop", "--grace", "0"]
    stop = subprocess.run(command, env=daemon.env, capture_output=True, check=False)
    left = daemon.close()
    assert not left, f"left behind after rtd stop ({stop.stderr.decode()}): {left}"


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_does_what_it_shows(page: Path, place: Daemon) -> None:
    Reader(page, place).follow_page()


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_the_tutorial_works_after_the_readme_and_a_second_time(place: Daemon) -> None:
    Reader(README, place).follow_page()
    Reader(TUTORIAL, place).follow_page(end=-1)  # its last block removes the records
    Reader(TUTORIAL, place).follow_page()


def test_output_is_compared_word_by_word() -> None:
    shown = ["01KAHD0G6W0000000000000000  succeeded   1.2s", "...", "2 runs ... done"]
    printed = "01KAHD0G6WZZZZZZZZZZZZZZZZ succeeded 312ms\nmore\nand more\n2 runs are done\n\n"
    assert matches(shown, printed)
    assert not matches(shown, printed.replace("succeeded", "error"))
    assert not matches(["a [b]*"], "a b\n")


def test_a_comment_without_its_block_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- file: app.py -->\nText comes between.\n")
    with pytest.raises(AssertionError, match="without its block"):
        list(blocks(page))
