"""Output for people: colours, tables that fit, times that read well.

stdout is data and stderr is talk. Colours and cut lines are for terminals only.
"""

from __future__ import annotations

import os
import sys
from time import time

from rtctl.cli.terminal_text import plain_text
from rtd.common.format_units import format_duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_CODES = {
    "queued": "36", "running": "34;1", "succeeded": "32", "error": "31", "exception": "31;1",
    "terminated": "33", "timed out": "33", "killed": "33", "over limit": "33", "stopped": "33",
    "shut down": "33", "lost": "35;1", "cancelled": "2", "head": "1", "dim": "2", "bad": "31;1",
}  # fmt: skip
_COLOURS = frozenset({*_CODES.values(), "0"})
#: Variables that terminals and other programs have in common, with what each does here.
VARIABLES = {
    "NO_COLOR": "print no colours, unless the flag `--color always` is given",
    "TERM": "`dumb`: a terminal without colours",
    "COLUMNS": "the width of the terminal, instead of the one that the terminal reports",
}


#: A path is not made shorter than this.
_LEAST_PATH = 16
#: The longest text in a line of a list. `show` and JSON have the whole.
LIST_CHARS = 200


class Screen:
    """The terminal, or the file or pipe in its place.

    Args:
        colour: `always`, `never` or `auto`: on a terminal, unless NO_COLOR is set.

    Attributes:
        is_raw: print text as it is on a terminal, too; else without control characters.
        is_line_open: output of a run was printed, and its last line has no end.
        is_wide: tables are not cut to fit; their lines may wrap.
    """

    def __init__(self, colour: str = "auto") -> None:
        self.is_terminal = sys.stdout.isatty()
        self.stderr_is_terminal = sys.stderr.isatty()
        self.is_raw = self.is_wide = self.is_line_open = False
        plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
        self.has_colour = colour == "always" or (
            colour == "auto" and self.is_terminal and not plain
        )

    @property
    def width(self) -> int | None:
        """The columns of the terminal; None: nothing is cut."""
        if not self.is_terminal:
            return None
        try:
            columns = int(os.environ.get("COLUMNS") or os.get_terminal_size(1).columns)
        except (OSError, ValueError):
            columns = 0
        return columns or 80

    def paint(self, text: str, what: str) -> str:
        """Return the text in the colour of a state or a role."""
        code = _CODES.get(what)
        return f"\033[{code}m{text}\033[0m" if self.has_colour and code else text

    def print_err(self, text: str) -> None:
        """Print a line of talk on stderr, behind what was printed before."""
        if self.is_terminal:
            self.end_line()
        sys.stdout.flush()
        sys.stderr.write(self._fit_for(text, self.stderr_is_terminal) + "\n")
        sys.stderr.flush()

    def print_out(self, text: str) -> None:
        """Print a line of data on stdout."""
        sys.stdout.write(self._fit_for(text, self.is_terminal) + "\n")

    def end_line(self) -> None:
        """End the last line of a run's output on stdout, if it has no end."""
        if self.is_line_open:
            self.is_line_open = False
            sys.stdout.write("\n")

    def _fit_for(self, text: str, is_terminal: bool) -> str:
        """Return a text as this stream gets it; files and pipes get it as it is."""
        return plain_text(text, _COLOURS) if is_terminal and not self.is_raw else text

    def print_table(
        self,
        heads: Sequence[str],
        rows: Sequence[Sequence[str]],
        drop: str = "",
        wrap: bool = False,
    ) -> None:
        """Print a table with columns as wide as they need. On a terminal the last column is cut to
        fit, and other columns when the last would have less than three tenths of the line.

        Args:
            drop: heads, separated by blanks, of the columns that go first where it is narrow.
            wrap: the last column goes on in further lines instead of being cut.
        """
        width = None if self.is_wide else self.width
        keep = list(range(len(heads)))
        for name in drop.split():
            if width is None or sum(_widths(heads, rows, keep)[:-1]) + 2 * len(keep) + 12 <= width:
                break
            keep = [at for at in keep if heads[at] != name]
        widths = _widths(heads, rows, keep)
        if width is not None:
            _fit(widths, width - 2 * (len(keep) - 1))
        self._line([heads[at] for at in keep], widths, "head")
        for row in rows:
            cells = [row[at] for at in keep]
            last = [cells[-1]]
            if wrap and width is not None:
                last = wrap_text(clean(cells[-1]), widths[-1])
            self._line([*cells[:-1], last[0]], widths, "")
            for line in last[1:]:
                self.print_out(" " * (sum(widths[:-1]) + 2 * (len(keep) - 1)) + line)

    def _line(self, cells: Sequence[str], widths: Sequence[int], role: str) -> None:
        parts = []
        for cell, width in zip(cells, widths, strict=True):
            shown = clean(cell) if self.is_terminal else cell
            text = cut(shown, width) if self.is_terminal and not self.is_wide else shown
            painted = self.paint(text, role or cell)
            parts.append(painted + " " * (width - shown_width(text)))
        self.print_out("  ".join(parts).rstrip())


def _widths(heads: Sequence[str], rows: Sequence[Sequence[str]], keep: Sequence[int]) -> list[int]:
    return [
        max(shown_width(heads[at]), max((shown_width(row[at]) for row in rows), default=0))
        for at in keep
    ]


def _fit(widths: list[int], room: int) -> None:
    """Make columns fit: the last gets the rest of the line. If that is less than three tenths,
    wide columns give up some of their width."""
    need = widths.pop()
    _squeeze(widths, room - min(need, 3 * room // 10), 12)
    widths.append(min(need, max(room - sum(widths), 4)))
    _squeeze(widths, room, 4)


def _squeeze(widths: list[int], room: int, least: int) -> None:
    """Narrow the widest column until all fit; each keeps at least `least`."""
    while sum(widths) > room and max(widths, default=0) > least:
        widest = widths.index(max(widths))
        widths[widest] -= 1


def shown_width(text: str) -> int:
    """Return how many columns a text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width  # lazy: most texts are ASCII

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def cut(text: str, width: int) -> str:
    """Cut the text to at most this many columns; paths in it first, in their middle."""
    excess = shown_width(text) - width
    if excess <= 0:
        return text
    if "/" in text:
        text = _cut_paths(text, excess)
        if shown_width(text) <= width:
            return text
    while text and shown_width(text) > width - 1:
        text = text[:-1]
    return text + "…"


def _cut_paths(text: str, excess: int) -> str:
    """Shorten paths by so many characters, the longest first: their ends tell most."""
    words = text.split(" ")
    for at in sorted(range(len(words)), key=lambda at: -len(words[at])):
        word = words[at]
        least = max(len(word) - excess, _LEAST_PATH)
        if excess > 0 and "/" in word and len(word) > least:
            head = min(least // 3, word.rfind("/"))
            words[at] = f"{word[:head]}…{word[len(word) - (least - 1 - head) :]}"
            excess -= len(word) - least
    return " ".join(words)


def shorten(text: str) -> str:
    """Return what a list shows of a long text, also in files and pipes."""
    return text if len(text) <= LIST_CHARS else text[: LIST_CHARS - 3] + "..."


def wrap_text(text: str, width: int) -> list[str]:
    """Wrap the text into lines of at most this many columns, at blanks."""
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".lstrip()
    return lines


def clean(text: str) -> str:
    """Return the text on one line, without control characters, which could change the terminal."""
    if text.isprintable():
        return text
    spaced = " ".join(text.split())
    return "".join(c if c.isprintable() else "\ufffd" for c in spaced)


def ago(at: float | None, now: float | None = None) -> str:
    """Return `5s ago`, `in 3m12s`, or `-`."""
    if at is None:
        return "-"
    seconds = (now or time()) - at
    if seconds < 0:
        return f"in {short_duration(-seconds)}"
    return f"{short_duration(seconds)} ago"


def short_duration(seconds: float) -> str:
    """Return a duration without fractions of a second, for ages."""
    if seconds < 60:
        return f"{int(seconds)}s"
    return format_duration(seconds)


def align_pairs(pairs: Iterable[tuple[str, str]]) -> str:
    """Return aligned `name  value` lines."""
    found = list(pairs)
    width = max((len(name) for name, _ in found), default=0)
    return "\n".join(f"{name:<{width}}  {value}".rstrip() for name, value in found)
