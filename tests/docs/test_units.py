"""The pages show the units that the wheel installs, and files that systemd reads."""

from tests.docs.markdown import blocks
from tests.helpers.source import ROOT

DOCS = ROOT / "docs"


def block_of(page: str, file: str) -> str:
    """The block of a page that is this file."""
    return next(b.text for b in blocks(DOCS / page) if b.said("file") == file)


def test_the_page_shows_the_unit_that_is_installed() -> None:
    unit = (ROOT / "systemd" / "rtd.service").read_text().splitlines()
    lines = "\n".join(line for line in unit if not line.startswith("#")).strip()
    assert block_of("guides/systemd.md", "rtd.service").strip() == lines


def test_the_file_of_variables_is_one_that_the_unit_reads() -> None:
    template = (ROOT / "systemd" / "rtd@.service").read_text()
    assert "EnvironmentFile=-/srv/%i/rtd.env" in template
    assert "rtd run $RTD_APP" in template
    lines = block_of("recipes/two-apps.md", "rtd.env").splitlines()
    assert lines[0] == "RTD_APP=app.py"
    assert all(name.isupper() for name in (line.partition("=")[0] for line in lines))
