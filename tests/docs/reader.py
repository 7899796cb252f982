"""Follows a page of the documentation as a reader does, in a directory of its own."""

import ast
import configparser
import json
import shlex
import sys
import tempfile
import tomllib
from datetime import UTC, datetime
from pathlib import Path

from tests.docs.markdown import Block, blocks, commands, matches
from tests.docs.shell import Shell
from tests.helpers.daemon import Daemon
from tests.helpers.source import ROOT

#: Languages of blocks that are read, not run.
SHOWN = {"text", "mermaid"}


def zone_with_noon() -> str:
    """Return a zone in which it is between 12:00 and 13:00, so that nothing of the night is due."""
    ahead = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-ahead:+d}"  # the sign of these names is the other way round


class Reader:
    """Follows one page, block by block, in an empty directory with a daemon's environment.

    Args:
        page: to follow.
        place: the daemon's directories and environment; the commands run in a folder of it, whose
            path is short enough for a socket.
        python: the interpreter that runs the blocks of Python.
    """

    def __init__(self, page: Path, place: Daemon, python: Path = Path(sys.executable)) -> None:
        self.page = page
        self.place = place
        self.python = python
        env = {
            **place.env,
            "COLUMNS": "100",
            "EXAMPLES": str(ROOT / "examples"),
            "TZ": zone_with_noon(),
            "HOME": str(place.home),
        }
        cwd = Path(tempfile.mkdtemp(prefix="page-", dir=place.home))
        self.shell = Shell(cwd, env)
        self.printed = ""

    def follow_page(self, end: int | None = None) -> None:
        """Do what the blocks say, in order: all of them, or those before `end`."""
        try:
            for block in list(blocks(self.page))[:end]:
                self.follow(block)
        finally:
            self.shell.close()

    def follow(self, block: Block) -> None:
        """Do what a block says."""
        for name, value in block.comments:
            if name == "run":
                hidden = self.shell.run(value)
                assert hidden.code == 0, f"{block.place}: {value}\n{hidden.output}"
        if block.said("not run") is not None:
            assert block.said("not run"), f"{block.place}: 'not run' needs a reason"
            self._check_syntax(block)
        elif block.said("prints") is not None:
            assert matches(block.text.splitlines(), self.printed), self._differs(block, block.text)
        elif (file := block.said("file")) is not None:
            self._write(Path(self.shell.run("pwd").output.strip(), file), block)
        else:
            self._act(block)

    def _check_syntax(self, block: Block) -> None:
        """Compile a block that is for another machine; of a shell only parse the commands."""
        if block.language == "python":
            compile(block.text, block.place, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        for command in commands(block) if block.language == "console" else ():
            checked = self.shell.run(f"bash -n -c {shlex.quote(command.text)}")
            assert checked.code == 0, f"{block.place}: {command.text}\n{checked.output}"

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
        errors = self.place.home / "errors.txt"
        program = f"PYTHONPATH=$PWD {self.python} -W error -c {shlex.quote(block.text)}"
        done = self.shell.run(f"{program} 2>{errors}")
        self.printed = done.output
        assert done.code == 0, f"{block.place}:\n{done.output}{errors.read_text()}"

    def _differs(self, block: Block, shown: str, printed: str | None = None) -> str:
        actual = self.printed if printed is None else printed
        return f"{block.place} shows\n{shown}\nbut it prints\n{actual}"
