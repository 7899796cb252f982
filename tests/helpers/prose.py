"""Reads what the project says in words: docstrings, comments, texts in code, pages."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.helpers.source import ROOT

CODE = ("rtd", "rtctl", "tools", "benchmarks", "examples", "docs/_ext")
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs", "benchmarks", "examples")
CONFIGURATION = (
    "Makefile", "pyproject.toml", ".ci/run", "systemd", "tools/lock", "tools/test_all",
    "benchmarks/run", "benchmarks/lock",
)  # fmt: skip


@dataclass(frozen=True)
class Passage:
    """One piece of prose, its blanks and line ends made single spaces."""

    path: str
    line: int
    kind: str  # "docstring", "comment", "text" or "page"
    text: str

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}"

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0] or "."


def passages_of(path: str, source: str) -> Iterator[Passage]:
    """The docstrings, texts and comments of a Python file. Comments line by line, joined."""
    docstrings = set()
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                docstrings.add(first.value)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            kind = "docstring" if node in docstrings else "text"
            yield Passage(path, node.lineno, kind, _one_line(node.value))
    yield from _comments(path, source)


def _comments(path: str, source: str) -> Iterator[Passage]:
    """The comments of a file, each block of lines as one."""
    start, last, text = 0, -1, ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        if token.start[0] != last + 1 and text:
            yield Passage(path, start, "comment", _one_line(text))
            text = ""
        start, last = (token.start[0] if not text else start), token.start[0]
        text += " " + token.string.lstrip("#: ")
    if text:
        yield Passage(path, start, "comment", _one_line(text))


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def page_passages(path: str, source: str) -> Iterator[Passage]:
    """The paragraphs of a Markdown page; what stands in fenced blocks is code."""
    blank_code = re.sub(
        r"^( *)(```+).*?^\1\2\s*$",
        lambda block: "\n" * block[0].count("\n"),
        source,
        flags=re.MULTILINE | re.DOTALL,
    )
    line = 1
    for part in re.split(r"(\n\s*\n)", blank_code):
        if part.strip():
            yield Passage(path, line, "page", _one_line(part))
        line += part.count("\n")


def _hash_comments(path: str, source: str) -> Iterator[Passage]:
    """The comments of a file that is no Python: the lines that begin with `#`, joined."""
    start, block = 0, ""
    for number, line in enumerate([*source.splitlines(), ""], 1):
        if line.lstrip().startswith("#"):
            start = start if block else number
            block += " " + line.lstrip().lstrip("#")
        elif block:
            yield Passage(path, start, "comment", _one_line(block))
            block = ""


def files(names: tuple[str, ...], pattern: str) -> list[Path]:
    """The files of these folders and files whose names fit, environments and results left out."""
    found = set()
    for name in names:
        path = ROOT / name
        found.update([path] if path.is_file() else path.rglob(pattern))
    return sorted(
        path for path in found if not {"_build", "__pycache__", "environments"} & set(path.parts)
    )


@cache
def passages() -> tuple[Passage, ...]:
    """All prose of the project but that of its tests."""
    found: list[Passage] = []
    for path in files(CODE, "*.py"):
        found += passages_of(str(path.relative_to(ROOT)), path.read_text())
    for path in files(("rtd/store/lua",), "*.lua"):
        name = str(path.relative_to(ROOT))
        found += (
            Passage(name, number, "comment", line.partition("--")[2].strip())
            for number, line in enumerate(path.read_text().splitlines(), 1)
            if "--" in line
        )
    for path in files(CONFIGURATION, "*"):
        found += _hash_comments(str(path.relative_to(ROOT)), path.read_text())
    for path in files(PAGES, "*.md"):
        found += page_passages(str(path.relative_to(ROOT)), path.read_text())
    return tuple(found)
