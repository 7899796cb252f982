"""What is wrong with a command line of `rtd`: one line, and where to look."""

import argparse
import re
import sys
from typing import Final, NoReturn

_NO_VERB: Final = re.compile(r"^argument VERB: invalid choice: '(.*?)'")
_EXIT: Final = 2


class RtdParser(argparse.ArgumentParser):
    """argparse, but for the manners of its errors."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and end the process with code 2."""
        found = _NO_VERB.match(message)
        hint = _instead_of(found[1]) if found else f"see `{self.prog} --help`"
        text = f"{found[1]!r} is no verb of rtd" if found else message
        print(f"{self.prog}: {text}; {hint}", file=sys.stderr)
        sys.exit(_EXIT)


def _instead_of(word: str) -> str:
    """What somebody may mean who writes this verb: many of rtctl's are at hand."""
    from rtctl.cli.command_table import ALIASES, SUMMARIES  # lazy: only for a mistake

    if word == "restart":
        return "`rtd stop`, then `rtd start`"
    if word in SUMMARIES or word in ALIASES:
        return f"it is one of rtctl's: `rtctl {word}`"
    return "it has run, start, stop, simulate and check; `rtctl help` lists those of rtctl"
