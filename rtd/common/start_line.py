"""The line by which a daemon says how its start went, to the process that has started it."""

from typing import Final

#: Stands in the place of the code of an error.
READY: Final = "ready"


def start_line(code: str, text: str) -> str:
    """Return the line: `READY` and perhaps a note, or the code of an error and what is wrong."""
    return f"{code}\t{' | '.join(text.splitlines())}\n"


def parse_start_line(line: str) -> tuple[str, str]:
    """Return code and text of such a line; empty ones when the daemon ended without it."""
    code, _, text = line.strip("\n").partition("\t")
    return code, text
