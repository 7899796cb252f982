"""No common misspelling stands in the pages and in the code."""

import subprocess
import sys
from pathlib import Path

from tests.helpers.source import ROOT

READ = (
    "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile", "pyproject.toml", "docs",
    "examples", "benchmarks", "rtd", "rtctl", "systemd", "tools",
)  # fmt: skip
#: Words that are right here: names, and mistakes that an example makes on purpose.
WORDS = Path(__file__).with_name("words.txt")
_SKIPPED = "*/_build/*,*/__pycache__/*,*/environments/*,*.lock,*.svg"


def misspelt(*paths: str | Path) -> str:
    """What the checker says of these files and folders, a line for each word."""
    command = ["-m", "codespell_lib", "--ignore-words", WORDS, "--skip", _SKIPPED, *paths]
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert not done.stderr, done.stderr
    return done.stdout


def test_no_word_is_misspelt() -> None:
    assert misspelt(*READ) == ""


def test_the_rule_sees_a_misspelt_word(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("The daemon recieves a run.\n")
    assert "recieves ==> receives" in misspelt(page)
