"""`rtctl help`: the verbs and their flags."""

from __future__ import annotations

from rtctl.cli.command_table import ALIASES, COMMANDS, SUMMARIES
from rtctl.cli.context import GLOBAL
from rtctl.cli.exit_codes import MEANINGS
from rtctl.cli.flags import SWITCH, Flag, UsageError, suggest
from rtctl.cli.screen import wrap_text
from rtctl.commands import load_command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rtctl.cli.context import CommandContext

USAGE = "help [VERB]"
FLAGS = ()
MORE = ""
#: The width where there is no terminal, the widest that reads well, and the least that is used.
_PLAIN, _MOST, _LEAST = 80, 100, 30


def run(context: CommandContext) -> int:
    """Print all verbs, or the flags of one verb."""
    targets = context.targets(0, None, "VERB")
    width = max(min(context.screen.width or _PLAIN, _MOST), _LEAST)
    lines = _verb(targets[0], width) if targets else _overview(width)
    context.screen.print_out("\n".join(lines))
    return 0


def _overview(width: int) -> list[str]:
    codes = ", ".join(f"{code} {meaning}" for code, meaning in MEANINGS.items())
    own = "`run`, `wait` and `submit --wait` return the task's own code."
    return [
        *wrap_text("rtctl VERB [TARGET ...] [flags]: the client of rtd, the task daemon.", width),
        "",
        "Verbs:",
        *_pairs(SUMMARIES.items(), width),
        "",
        "Flags of every verb:",
        *_flags(GLOBAL, width),
        "",
        *wrap_text("`rtctl help VERB` tells more. Data is on stdout, messages on stderr.", width),
        *wrap_text(f"Exit codes: {codes}; {own}", width),
    ]


def _verb(word: str, width: int) -> list[str]:
    name = ALIASES.get(word, word)
    if name not in COMMANDS:
        known = [*COMMANDS, *ALIASES]
        raise UsageError(f"help: unknown verb {word!r}{suggest(word, known)}")
    module = load_command(name)
    lines: list[str] = []
    for usage in module.USAGE.split("   or   "):
        head, *rest = wrap_text(f"{'or ' if lines else ''}rtctl {usage}", width - 4)
        lines += [f"   {head}" if lines else head, *(f"    {line}" for line in rest)]
    lines += ["", *_indented(COMMANDS[name][0], width)]
    also = sorted(alias for alias, verb in ALIASES.items() if verb == name)
    lines += _indented(f"also: {', '.join(also)}", width) if also else []
    for paragraph in module.MORE.split("\n\n") if module.MORE else []:
        is_indented = paragraph.startswith(" ")
        text = " ".join(paragraph.split())
        lines += _indented(text, width) if is_indented else ["", *wrap_text(text, width)]
    lines += ["", "Flags:", *_flags(module.FLAGS, width)] if module.FLAGS else []
    own = {name for flag in module.FLAGS for name in flag.names}
    others = [flag for flag in GLOBAL if own.isdisjoint(flag.names)]
    return [*lines, "", "Flags of every verb:", *_flags(others, width)]


def _indented(text: str, width: int) -> list[str]:
    return [f"  {line}" for line in wrap_text(text, width - 2)]


def _flags(flags: Sequence[Flag], width: int) -> list[str]:
    heads = []
    for flag in flags:
        names = ", ".join(flag.names)
        heads.append(names if flag.kind == SWITCH else f"{names} {flag.metavar}")
    return _pairs(zip(heads, [flag.doc for flag in flags], strict=True), width)


def _pairs(pairs: Iterable[tuple[str, str]], width: int) -> list[str]:
    """Return two columns. A text stands below a head that is too long for its column."""
    found = list(pairs)
    column = min(max(len(head) for head, _ in found), 34, max(width * 2 // 5, 12))
    lines = []
    for head, text in found:
        first, *others = wrap_text(text, width - column - 4)
        if len(head) > column:
            lines += _indented(head, width)
            others.insert(0, first)
        else:
            lines.append(f"  {head:<{column}}  {first}")
        lines += [f"{'':<{column + 4}}{other}" for other in others]
    return lines
