"""`rtctl help`: the verbs and their flags."""

from __future__ import annotations

from rtctl.cli.command_table import ALIASES, COMMANDS, SUMMARIES
from rtctl.cli.context import GLOBAL
from rtctl.cli.exit_codes import MEANINGS
from rtctl.cli.flags import SWITCH, Flag, UsageError, suggest
from rtctl.commands import load_command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtctl.cli.context import CommandContext

USAGE = "help [VERB]"
FLAGS = ()
MORE = ""
_COLUMNS = 88


def run(context: CommandContext) -> int:
    """Print all verbs, or the flags of one verb."""
    targets = context.targets(0, None, "VERB")
    context.screen.print_out(_verb(targets[0]) if targets else _overview())
    return 0


def _overview() -> str:
    from textwrap import wrap  # lazy: it needs re, and the help of a verb does not need it

    codes = ", ".join(f"{code} {meaning}" for code, meaning in MEANINGS.items())
    own = "`run`, `wait` and `submit --wait` return the task's own code."
    lines = ["rtctl VERB [TARGET ...] [flags]: talks to rtd, the task daemon.", "", "Verbs:"]
    lines += [f"  {name:<11} {doc}" for name, doc in SUMMARIES.items()]
    lines += ["", "Flags of every verb:", *_flags(GLOBAL), ""]
    lines += [
        "`rtctl help VERB` tells more. stdout is data, stderr is talk.",
        *wrap(f"Exit codes: {codes}; {own}", _COLUMNS),
    ]
    return "\n".join(lines)


def _verb(word: str) -> str:
    name = ALIASES.get(word, word)
    if name not in COMMANDS:
        known = [*COMMANDS, *ALIASES]
        raise UsageError(f"help: unknown verb {word!r}{suggest(word, known)}")
    module = load_command(name)
    lines = [f"rtctl {module.USAGE}", "", f"  {COMMANDS[name][0]}"]
    also = sorted(alias for alias, verb in ALIASES.items() if verb == name)
    lines += [f"  also: {', '.join(also)}"] if also else []
    lines += ["", *module.MORE.splitlines()] if module.MORE else []
    lines += ["", "Flags:", *_flags(module.FLAGS)] if module.FLAGS else []
    own = {name for flag in module.FLAGS for name in flag.names}
    others = [flag for flag in GLOBAL if own.isdisjoint(flag.names)]
    return "\n".join([*lines, "", "Flags of every verb:", *_flags(others)])


def _flags(flags: Sequence[Flag]) -> list[str]:
    heads = []
    for flag in flags:
        names = ", ".join(flag.names)
        heads.append(names if flag.kind == SWITCH else f"{names} {flag.metavar}")
    width = min(max(map(len, heads)), 34)
    return [f"  {head:<{width}}  {flag.doc}" for head, flag in zip(heads, flags, strict=True)]
