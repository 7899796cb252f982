"""The verbs and flags of both commands, for the reference."""

import argparse
from collections.abc import Iterable, Iterator

from rtctl.cli.command_table import ALIASES, SUMMARIES
from rtctl.cli.context import GLOBAL
from rtctl.cli.flags import SWITCH, Flag
from rtctl.commands import load_command
from rtd.cli.main import build_parser
from tools.generate_man import short_usage, usage_parts
from tools.markdown_text import code_block, mark_flags, table


def client_command() -> Iterable[str]:
    """Yield the verbs of rtctl with their flags."""
    yield "Flags of every verb:\n"
    yield from _client_flags(GLOBAL)
    for name, summary in SUMMARIES.items():
        verb = load_command(name)
        yield f"\n### rtctl {name}\n"
        yield summary[:1].upper() + summary[1:] + ".\n"
        forms = (" ".join(form.split()) for form in usage_parts(verb.USAGE))
        yield from code_block(f"rtctl {form}" for form in forms)
        also = [f"`{alias}`" for alias, meant in ALIASES.items() if meant == name]
        if also:
            yield f"Also: {', '.join(also)}.\n"
        if "  " in verb.MORE:  # it has columns
            yield from code_block(verb.MORE.splitlines())
        else:
            yield f"{mark_flags(verb.MORE)}\n"
        yield from _client_flags(verb.FLAGS)


def _client_flags(flags: Iterable[Flag]) -> Iterator[str]:
    rows = [
        (
            ", ".join(f"`{name}`" for name in flag.names)
            + ("" if flag.kind == SWITCH else f" {flag.metavar}"),
            mark_flags(flag.doc),
        )
        for flag in flags
    ]
    if rows:
        yield from (*table(("flag", "meaning"), rows), "")


def daemon_command() -> Iterable[str]:
    """Yield the verbs of rtd with their flags, from its argparse parser."""
    parser = build_parser()
    yield parser.description or ""
    yield from _flags(parser)
    for name, help_text, verb in _verbs(parser):
        yield f"\n## {parser.prog} {name}\n"
        yield help_text[:1].upper() + help_text[1:] + ".\n"
        yield from code_block([short_usage(verb)])
        yield from _flags(verb)


def _verbs(
    parser: argparse.ArgumentParser,
) -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for choice in action._choices_actions:
                verb = action.choices[choice.dest]
                yield choice.dest, choice.help or "", verb
                yield from (
                    (f"{choice.dest} {name}", text, sub) for name, text, sub in _verbs(verb)
                )


def _flags(parser: argparse.ArgumentParser) -> Iterator[str]:
    rows = []
    for action in parser._actions:
        if action.help in (None, argparse.SUPPRESS) or "--help" in action.option_strings:
            continue
        names = ", ".join(f"`{name}`" for name in action.option_strings)
        value = action.metavar or (action.dest if not names else "")
        if action.choices and not isinstance(action, argparse._SubParsersAction):
            value = "\\|".join(map(str, action.choices))
        elif not value and action.nargs != 0:
            value = action.dest.upper()
        rows.append((f"{names} {value}".strip(), (action.help or "") % vars(action)))
    if rows:
        yield ""
        yield from (line.replace("\\\\|", "\\|") for line in table(("argument", "meaning"), rows))
        yield ""
