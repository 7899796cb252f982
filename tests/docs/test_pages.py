"""Every command and every block of code in the README and the documentation does what it shows."""

import configparser
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.markdown import Block, blocks, commands, matches
from tests.docs.shell import Shell
from tests.helpers.daemon import BIN, Daemon
from tests.helpers.source import ROOT

PAGES = [
    ROOT / "README.md",
    *sorted(p for p in (ROOT / "docs").rglob("*.md") if "_build" not in p.parts),
    *sorted((ROOT / "examples").rglob("*.md")),
]
#: Languages of blocks that are read, not run.
SHOWN = {"text", "mermaid"}


class Reader:
    """Follows one page, block by block, in an empty directory with a daemon's environment."""

    def __init__(self, page: Path, place: Daemon, cwd: Path) -> None:
        self.page = page
        self.env = {**place.env, "COLUMNS": "100", "EXAMPLES": str(ROOT / "examples")}
        self.cwd = cwd
        self.shell = Shell(cwd, self.env)
        self.printed = ""

    def follow(self, block: Block) -> None:
        """Do what a block says."""
        for name, value in block.comments:
            if name == "run":
                hidden = self.shell.run(value)
                assert hidden.code == 0, f"{block.place}: {value}\n{hidden.output}"
        if block.said("not run") is not None:
            assert block.said("not run"), f"{block.place}: 'not run' needs a reason"
        elif block.said("prints") is not None:
            assert matches(block.text.splitlines(), self.printed), self._differs(block, block.text)
        elif (file := block.said("file")) is not None:
            self._write(self.cwd / file, block)
        else:
            self._act(block)

    def _write(self, path: Path, block: Block) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text)
        if path.suffix == ".py":
            compile(block.text, block.place, "exec")

    def _act(self, block: Block) -> None:
        if block.language == "console":
            self._console(block)
        elif block.language == "python":
            self._python(block)
        elif block.language == "json":
            json.loads(block.text)
        elif block.language == "toml":
            tomllib.loads(block.text)
        elif block.language == "ini":
            configparser.ConfigParser(strict=False, interpolation=None).read_string(block.text)
        else:
            assert block.language in SHOWN, f"{block.place}: nobody checks {block.language!r}"

    def _console(self, block: Block) -> None:
        todo = commands(block)
        for number, command in enumerate(todo):
            text = command.text
            if text.startswith("make "):  # the targets are run on their own; here they must exist
                text = f"make --directory={ROOT} --dry-run {text.removeprefix('make ')} >/dev/null"
            done = self.shell.run(text)
            shown = command.expected
            assert not shown or matches(shown, done.output), self._differs(
                block, "\n".join(shown), f"$ {command.text}\n{done.output}"
            )
            asked = number + 1 < len(todo) and "$?" in todo[number + 1].text
            last = number + 1 == len(todo)
            wanted = int(block.said("exit") or 0) if last else 0
            assert asked or done.code == wanted, (
                f"{block.place}: `{command.text}` ended with {done.code}\n{done.output}"
            )

    def _python(self, block: Block) -> None:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", block.text],
            cwd=self.cwd,
            env={**self.env, "PYTHONPATH": str(self.cwd)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.printed = done.stdout
        assert done.returncode == 0, f"{block.place}:\n{done.stdout}{done.stderr}"

    def _differs(self, block: Block, shown: str, printed: str | None = None) -> str:
        actual = self.printed if printed is None else printed
        return f"{block.place} shows\n{shown}\nbut it prints\n{actual}"


@pytest.fixture
def place() -> Iterator[Daemon]:
    """Directories and an environment for a daemon that the page itself starts."""
    daemon = Daemon()
    yield daemon
    stop = subprocess.run([BIN / "rtd", "stop"], env=daemon.env, capture_output=True, check=False)
    left = daemon.close()
    assert not left, f"left behind after rtd stop ({stop.stderr.decode()}): {left}"


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_does_what_it_shows(page: Path, place: Daemon, tmp_path: Path) -> None:
    todo = list(blocks(page))
    reader = Reader(page, place, tmp_path)
    try:
        for block in todo:
            reader.follow(block)
    finally:
        reader.shell.close()


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
