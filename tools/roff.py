"""Manual pages in the macros of man(7)."""

import re
from collections.abc import Iterable, Iterator

_CODE = re.compile(r"`([^`]+)`")


def escape(text: str) -> str:
    """Return a text in which troff reads each character as itself; `code` becomes bold."""
    return _CODE.sub(lambda found: bold(found[1]), _plain(text))


def bold(text: str) -> str:
    """Return an escaped text in bold."""
    return rf"\fB{text}\fR"


def literal(text: str) -> str:
    """Return a text in bold, in which troff reads each character as itself."""
    return bold(_plain(text))


def head(name: str, source: str, made: str) -> str:
    """Return the first lines of a page. It has no date: the same code makes the same page."""
    return f'.\\" {made}\n.TH {name.upper()} 1 "" "{source}" "User Commands"\n'


def section(title: str, *parts: str) -> str:
    """Return a section with its parts."""
    return f".SH {title}\n" + "".join(parts)


def subsection(title: str, *parts: str) -> str:
    """Return a subsection, such as one verb, with its parts."""
    return f'.SS "{_plain(title)}"\n' + "".join(parts)


def paragraph(text: str) -> str:
    """Return a paragraph of prose."""
    return f".PP\n{_line(escape(' '.join(text.split())))}\n"


def verbatim(lines: Iterable[str]) -> str:
    """Return lines that stay as they are, indented."""
    return "".join((".RS 4\n.nf\n", *(f"{_line(_plain(text))}\n" for text in lines), ".fi\n.RE\n"))


def entries(rows: Iterable[tuple[str, str]]) -> str:
    """Return a list of terms (escaped already) with their meanings."""
    return "".join(_entries(rows))


def _entries(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for term, meaning in rows:
        yield f".TP\n{_line(term)}\n{_line(escape(' '.join(meaning.split())))}\n"


def _plain(text: str) -> str:
    """Escape backslashes, signs that troff sets as others, and all beyond ASCII."""
    text = text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq")
    text = text.replace("^", r"\(ha").replace("~", r"\(ti").replace('"', r"\(dq")
    return "".join(c if c.isascii() else rf"\[u{ord(c):04X}]" for c in text)


def _line(text: str) -> str:
    """Return a line that troff does not read as a request."""
    return rf"\&{text}" if text.startswith((".", "'")) else text
