"""The command line of `rtd`: its errors in one line, and the settings that it makes."""

import argparse
import contextlib
import errno
import os
import re
import sys
from typing import Any, Final, NoReturn

_NO_VERB: Final = re.compile(r"^argument VERB: invalid choice: '(.*?)'")
_EXIT: Final = 2
_UNWRITTEN: Final = 1
#: 128 + SIGPIPE, as of rtctl.
_PIPE_CLOSED: Final = 141


class RtdParser(argparse.ArgumentParser):
    """`argparse` with errors of one line."""

    def error(self, message: str) -> NoReturn:
        """Print the error, and end the process with code 2."""
        match = _NO_VERB.match(message)
        hint = _instead_of(match[1]) if match else f"see `{self.prog} --help`"
        text = f"{match[1]!r} is no verb of rtd" if match else message
        print(f"{self.prog}: {text}; {hint}", file=sys.stderr)
        sys.exit(_EXIT)

    def print_help(self, file: Any = None) -> None:
        """Print the help; `argparse` by itself says nothing where it cannot be written."""
        if file is None:
            print_whole(self.format_help())
        else:
            super().print_help(file)


def say_interrupted(text: str) -> None:
    """Print one line at Ctrl-C, below the `^C` that a terminal shows."""
    with contextlib.suppress(OSError):  # the terminal may be gone
        head = "\n" if sys.stderr.isatty() else ""
        print(f"{head}rtd: {text}", file=sys.stderr)


def print_whole(text: str) -> None:
    """Print a text on stdout; ends the process with one line where it cannot be written."""
    try:
        if sys.stdout is None:  # closed by the caller
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        if sys.stdout is not None:  # Python flushes it once more at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            sys.exit(_PIPE_CLOSED)
        print(f"rtd: cannot write the output: {error.strerror}", file=sys.stderr)
        sys.exit(_UNWRITTEN)


def _instead_of(word: str) -> str:
    """Return a hint for an unknown verb, which may be one of rtctl's."""
    from rtctl.cli.command_table import ALIASES, SUMMARIES  # lazy: only for a mistake
    from rtctl.core.other_verbs import instead_of  # lazy: as above

    if word == "restart":
        return "`rtd stop`, then `rtd start`"
    if word in SUMMARIES or word in ALIASES:
        return f"it is one of rtctl's: `rtctl {word}`"
    if hint := instead_of(word):
        return hint
    if "." in word or ":" in word:
        return f"an app runs by `rtd run {word}`, or `rtd start {word}` in the background"
    return "it has run, start, stop, simulate and check; `rtctl help` lists those of rtctl"


def settings_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings that a command line makes, by their paths."""
    named = ("name", "redis", "durability", "group")
    flags = {n: getattr(options, n) for n in named if getattr(options, n) is not None}
    return {**dict(options.set), **flags}
