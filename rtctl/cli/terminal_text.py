"""Text of runs on a terminal: without what would change the terminal itself.

A task, or another user, may have written escape sequences: they set titles, hide lines, or type.
"""

from __future__ import annotations

from codecs import getincrementaldecoder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

#: Stands for each character that is not shown.
HIDDEN = "\ufffd"
#: The longest start of an escape sequence that is kept until its end has come.
_LONGEST = 4096


def plain_text(text: str, colours: Collection[str] = ()) -> str:
    """Return a text with lines and tabs, and without other control characters.

    Args:
        text: any text.
        colours: the codes of colours that stay.
    """
    if text.isprintable():
        return text
    head, *others = text.split("\033[")
    parts = [_shown(head)]
    for other in others:
        code, end, rest = other.partition("m")
        known = bool(end) and code in colours
        parts.append(f"\033[{code}m{_shown(rest)}" if known else f"{HIDDEN}[{_shown(other)}")
    return "".join(parts)


def _shown(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in "\n\t" else " " if c.isspace() and c > "\x9f" else HIDDEN
        for c in text
    )


class OutputCleaner:
    """Makes a stream of output fit for a terminal, part by part: its lines stay, escape sequences
    go, a carriage return begins a new line."""

    def __init__(self) -> None:
        import re  # lazy: only output on a terminal needs it

        self._decoder = getincrementaldecoder("utf-8")(errors="replace")
        self._rest = ""
        self._sequence = re.compile(
            r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"
            r"|[ -/]+[0-~]|[0-OQ-WYZ\\`-~])|\x9b[0-?]*[ -/]*[@-~]"
        )
        self._begun = re.compile(
            r"(?:\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b\x9c]*\x1b?|[ -/]*)|\x9b[0-?]*[ -/]*|\r)\Z"
        )

    def clean(self, data: bytes, *, is_last: bool = False) -> str:
        """Return the text of the next bytes; what is not whole yet comes with a later call."""
        text = self._sequence.sub("", self._rest + self._decoder.decode(data, is_last))
        begun = None if is_last else self._begun.search(text, max(0, len(text) - _LONGEST))
        cut = begun.start() if begun else len(text)
        self._rest = text[cut:]
        return plain_text(text[:cut].replace("\r\n", "\n").replace("\r", "\n"))
