"""Reads the fenced blocks of a page, and the comments that say what to do with them.

A comment stands alone on a line before its block:

    <!-- file: app.py -->       the block is written to that file
    <!-- run: COMMAND -->       the command is run first; readers do not see it
    <!-- prints -->             the block is what the Python block before it prints
    <!-- exit: 5 -->            the last command of the block ends with this code
    <!-- not run: REASON -->    the block is for another machine, and only its syntax is checked
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_COMMENT = re.compile(r"\s*<!--\s*(file|run|prints|exit|not run)(?::\s*(.*?))?\s*-->\s*")
_FENCE = re.compile(r"(?P<indent>\s*)(?P<ticks>```+)(?P<info>.*)")


@dataclass
class Block:
    """One fenced block: its language, its text, and the comments before it."""

    page: Path
    line: int
    language: str
    text: str
    comments: list[tuple[str, str]] = field(default_factory=list)

    def said(self, name: str) -> str | None:
        """The value of a comment of that name, or None."""
        return next((value for key, value in self.comments if key == name), None)

    @property
    def place(self) -> str:
        return f"{self.page.name}:{self.line}"


@dataclass
class Command:
    """A line of a console block after its `$ `, and what it shall print."""

    text: str
    expected: list[str] = field(default_factory=list)


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page in order. A block that never ends is an error."""
    comments: list[tuple[str, str]] = []
    lines = iter(enumerate(page.read_text().splitlines(), 1))
    for number, line in lines:
        comment = _COMMENT.fullmatch(line)
        fence = _FENCE.fullmatch(line)
        if comment:
            comments.append((comment[1], comment[2] or ""))
        elif fence:
            body = _body(page, number, fence, lines)
            language = fence["info"].strip()
            if not language.startswith("{"):  # a directive of the site's generator
                yield Block(page, number, language, body, comments)
                comments = []
        elif line.strip():
            assert not comments, f"{page.name}:{number}: a comment {comments} without its block"
    assert not comments, f"{page.name}: the comments {comments} have no block"


def _body(page: Path, start: int, fence: re.Match[str], lines: Iterator[tuple[int, str]]) -> str:
    body = []
    for _, line in lines:
        if line.strip().startswith(fence["ticks"]) and not line.strip().strip("`"):
            return "\n".join(body) + "\n"
        body.append(line.removeprefix(fence["indent"]))
    raise AssertionError(f"{page.name}:{start}: the block has no end")


def commands(block: Block) -> list[Command]:
    """The commands of a console block with their expected output. `> ` continues a command."""
    found: list[Command] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append(Command(line[2:]))
        elif (line == ">" or line.startswith("> ")) and found and not found[-1].expected:
            found[-1].text += "\n" + line[2:]
        else:
            assert found, f"{block.place}: a console block begins with '$ '"
            found[-1].expected.append(line)
    return found


_DURATION = r"[0-9.]+ ?(?:ms|s|m\d\ds|h\d\dm)"
_MOMENT = (
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d| [+-]\d\d\b| [A-Z]{3,5}\b)?"
)
#: What differs from run to run; each stands for all that it fits.
_VARYING = [
    re.compile(pattern)
    for pattern in (
        r"\b[0-9A-HJKMNP-TV-Z]{26}\b",
        rf"\b{_MOMENT}",
        r"\b\d\d:\d\d:\d\d\b",
        rf"\b{_DURATION}\b",
        r"\bpid \d+\b",
        r"\([A-Z]\w+/[\w+-]+\)",  # a time zone
        r"\b\d+(?= \S.* (?:SIG[A-Z]+|ended when asked))",  # a process that a kill has ended
    )
]


#: `rtctl reload` says this if the machine is so busy that it takes long.
_WHEN_BUSY = "rtctl: waiting: "


def matches(expected: list[str], printed: str) -> bool:
    """Whether output is as a page shows it.

    `...` stands for any text in a line, and alone on a line for any lines. Run ids, times,
    durations and pids may differ, and so may the number of blanks between words.
    """
    pattern = "".join(_line_pattern(line) for line in _strip(expected))
    lines = [line for line in printed.splitlines() if not line.startswith(_WHEN_BUSY)]
    actual = "".join(f"{_blanks(line)}\n" for line in _strip(lines))
    return re.fullmatch(pattern, actual) is not None


def _strip(lines: list[str]) -> list[str]:
    """The lines without empty ones at the end."""
    return "\n".join(line.rstrip() for line in lines).rstrip("\n").split("\n")


def _blanks(line: str) -> str:
    return re.sub(r"\s+", " ", line).strip()


def _line_pattern(line: str) -> str:
    if line.strip() == "...":
        return r"(?:.*\n)*"
    parts = (_vary(_blanks(part)) for part in re.split(r"(?:\.\.\.|…)", line))
    return r"\s*.*?\s*".join(parts) + r"\s*\n"


def _vary(text: str) -> str:
    """A pattern for a piece of text in which what differs from run to run may differ."""
    patterns: list[str] = []

    def hide(pattern: str) -> str:
        patterns.append(pattern)
        return f"\0{len(patterns) - 1}\0"

    for varying in _VARYING:
        text = varying.sub(lambda _, varying=varying: hide(varying.pattern), text)  # type: ignore[misc]
    escaped = re.escape(text).replace("\\\0", "\0")
    return re.sub("\0(\\d+)\0", lambda found: patterns[int(found[1])], escaped)
