"""Writes the parts of pages that are made from code, so that a page reads alike everywhere.

A part stands between two comments of its page, `<!-- made: NAME -->` and `<!-- end -->`.
"""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from tools import reference_commands, reference_conditions, reference_tables

PARTS: Final[dict[str, Callable[[], Iterable[str]]]] = {
    "settings": reference_tables.settings,
    "lanes": reference_tables.lanes,
    "policies": reference_tables.policy_table,
    "options of a submit": reference_tables.submit_options,
    "exit codes of rtctl": reference_tables.exit_codes,
    "exit codes of runs": reference_tables.run_exit_codes,
    "exit codes of errors": reference_tables.error_exit_codes,
    "exit codes of rtd": reference_tables.daemon_exit_codes,
    "verbs of rtctl": reference_commands.client_command,
    "verbs of rtd": reference_commands.daemon_command,
    "cycles": reference_conditions.cycles,
    "units": reference_conditions.units,
    "conditions": reference_conditions.leaves,
}
_PART: Final = re.compile(r"(<!-- made: (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)


def filled(source: str) -> str:
    """Return a page with its parts as the code has them now; an unknown part is an error."""
    return _PART.sub(lambda part: f"{part[1]}\n{_text(part[2])}\n\n{part[3]}", source)


def pages(docs: Path) -> dict[Path, str]:
    """Return the text of each page under a folder that has such parts."""
    texts = {path: path.read_text() for path in sorted(docs.rglob("*.md"))}
    return {path: filled(text) for path, text in texts.items() if _PART.search(text)}


def _text(name: str) -> str:
    text = "\n".join(PARTS[name]()).strip()
    return re.sub(r"\n{3,}", "\n\n", text)
