"""The command `rtctl`: finds the verb, reads its flags, runs it, and prints an error as one line.

The exit codes are those of `rtctl.cli.exit_codes`.
"""

from __future__ import annotations

import os
import sys

from rtctl.cli.command_table import ALIASES, COMMANDS
from rtctl.cli.context import GLOBAL, CommandContext
from rtctl.cli.flags import SWITCH, FlagParser, UsageError, suggest
from rtctl.cli.screen import clean
from rtctl.commands import load_command
from rtd.common.errors import EXIT_CODE, RtdError
from rtd.config.python_command import ensure_utf8

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from rtctl.cli.flags import Flag

INTERRUPTED = 130
#: 128 + SIGPIPE, as a shell reports it when a reader such as `head` stops reading.
PIPE_CLOSED = 141
_UNWRITTEN = "cannot write the output"


def main(words: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    if words is None:
        ensure_utf8()
        words = sys.argv[1:]
    prepare_streams()
    try:
        try:
            code = dispatch(words)
        except RtdError as error:
            code = report_error(error)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt as error:
        _flush_at_interrupt()
        return getattr(error, "exit_code", INTERRUPTED)
    except BrokenPipeError:
        _discard(sys.stdout)
        return PIPE_CLOSED
    except OSError as error:
        _discard(sys.stdout)
        reason = error.strerror or str(error)
        _complain(f"{error.filename}: {reason}" if error.filename else f"{_UNWRITTEN}: {reason}")
        return 1


def prepare_streams() -> None:
    """Open the standard streams that are closed, and let no file name break the output."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:  # closed by the caller (`>&-`)
            # On stdout what is written is lost, so that is an error: a file that is open for
            # reading says so. Of stdin and stderr only the answer, or the exit code, matters.
            fd = os.open(os.devnull, os.O_WRONLY if name == "stderr" else os.O_RDONLY)
            setattr(sys, name, open(fd, mode, encoding="utf-8"))  # noqa: SIM115 (until the end)
        elif mode == "w" and hasattr(stream, "reconfigure"):
            # A file name that is not UTF-8 must not end the listing in a traceback.
            stream.reconfigure(errors="backslashreplace")


def report_error(error: RtdError) -> int:
    """Print the error as one line and return its exit code."""
    try:
        sys.stdout.flush()
    finally:
        _complain(" ".join(str(error.sentence).split()))
    return EXIT_CODE.get(error.code, 1)


def _complain(sentence: str) -> None:
    try:
        shown = clean(sentence) if sys.stderr.isatty() else sentence
        sys.stderr.write(f"rtctl: {shown}\n")
        sys.stderr.flush()
    except OSError:
        _discard(sys.stderr)  # only the exit code is left


def _flush_at_interrupt() -> None:
    try:
        sys.stdout.flush()
    except OSError:  # the interrupt is what the exit code tells
        _discard(sys.stdout)


def _discard(stream: TextIO) -> None:
    """Send the rest of a stream to /dev/null: Python flushes its streams once more at exit."""
    fd = os.open(os.devnull, os.O_WRONLY)
    os.dup2(fd, stream.fileno())
    os.close(fd)


def split(words: Sequence[str]) -> tuple[str, list[str]]:
    """Split a command line into the verb and all other words.

    No verb means `ls`. Flags may come before the verb.
    """
    takes_value = {name for flag in GLOBAL if flag.kind != SWITCH for name in flag.names}
    skip = False
    for at, word in enumerate(words):
        if skip:
            skip = False
        elif word in takes_value:
            skip = True
        elif word in ("-h", "--help", "--version"):
            return "version" if word == "--version" else "help", list(words[at + 1 :])
        elif not word.startswith("-"):
            return word, [*words[:at], *words[at + 1 :]]
        elif not _is_global(word):
            break
    return "ls", list(words)


def _is_global(word: str) -> bool:
    name = word.partition("=")[0]
    if not name.startswith("--"):
        name = name[:2]
    return any(name in flag.names for flag in GLOBAL)


def dispatch(words: Sequence[str]) -> int:
    """Find the verb and run it. Raises RtdError."""
    word, rest = split(words)
    name = ALIASES.get(word, word)
    if name not in COMMANDS or word == "inspect":
        _refuse_other(word, rest)
    module = load_command(name)
    own = rest[: rest.index("--")] if "--" in rest else rest
    if "--help" in own or "-h" in own:
        name, module, rest = "help", load_command("help"), [name]
    takes_tail = getattr(module, "TAKES_TAIL", False)
    try:
        args = FlagParser(name, (*GLOBAL, *module.FLAGS)).parse(rest)
    except UsageError as error:
        if takes_tail:
            _add_command(error, name, rest, module.FLAGS)
        raise
    if args.tail is not None and not takes_tail:
        args.targets += args.tail
    context = CommandContext(name, args)
    try:
        code = int(module.run(context))
        context.print_last_words()
        return code
    except KeyboardInterrupt:
        context.say_interrupted()
        raise
    except RecursionError:
        raise RtdError(f"{name}: a value in the answer is nested too deep to be shown") from None
    finally:
        context.close()


def _refuse_other(word: str, rest: Sequence[str]) -> None:
    """Raise UsageError for a word of another program, or one that is unknown."""
    from rtctl.core.other_verbs import instead_of  # lazy: only for a mistake

    if hint := instead_of(word, rest):
        raise UsageError(f"{word!r} is no verb of rtctl{' for this' * (word in ALIASES)}: {hint}")
    if word not in ALIASES:
        near = suggest(word, [*COMMANDS, *ALIASES])
        raise UsageError(f"unknown verb {word!r}{near} (`rtctl help` lists them)")


def _add_command(error: UsageError, verb: str, rest: Sequence[str], flags: Sequence[Flag]) -> None:
    """Say in an error about flags that they belong to a command, if the words are one."""
    from rtctl.core.other_verbs import after_flags, as_command  # lazy: only for a mistake

    takes_value = {name for one in (*GLOBAL, *flags) if one.kind != SWITCH for name in one.names}
    error.sentence += as_command(verb, after_flags(rest, takes_value))


if __name__ == "__main__":
    sys.exit(main())
