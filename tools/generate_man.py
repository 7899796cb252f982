"""The manual pages in `docs/man`, from the declarations of both commands."""

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from rtctl.cli import exit_codes as client_codes
from rtctl.cli.command_table import ALIASES, SUMMARIES
from rtctl.cli.context import GLOBAL
from rtctl.cli.flags import SWITCH, Flag
from rtctl.cli.screen import VARIABLES
from rtctl.commands import load_command
from rtd.cli.exit_codes import EXIT_CODES
from rtd.cli.main import build_parser
from rtd.common.version import VERSION
from rtd.config.load_settings import CANDIDATES, OTHER_VARIABLES
from rtd.config.paths import DaemonPaths
from tools.man_texts import (
    CLIENT,
    CLIENT_VARIABLES,
    DAEMON,
    RUN_VARIABLES,
    SERVICE_VARIABLES,
    ManText,
)
from tools.roff import (
    entries,
    head,
    literal,
    paragraph,
    section,
    subsection,
    verbatim,
)
from tools.settings_table import lane_settings, settings

MADE: Final = "Made by `python -m tools.generate_client` from what the command declares."
_DAEMON_PLACES: Final = DaemonPaths(
    Path("/run/rtd"), Path("/var/lib/rtd"), Path("/run/rtd/rtd.sock")
)
#: Every verb has `--help`; the verbs have sections of their own.
_SKIPPED: Final = (argparse._HelpAction, argparse._SubParsersAction)
_CLIENT_VARIABLES: Final = ("RTD_SOCKET", "RTD_RUNTIME_DIR")


def pages() -> dict[str, str]:
    """Return the text of each page by its file name."""
    return {"rtd.1": daemon_page(), "rtctl.1": client_page()}


def daemon_page() -> str:
    """Return rtd(1)."""
    parser = build_parser()
    verbs = list(_verbs(parser))
    commands = [
        subsection(
            f"rtd {name}",
            paragraph(_sentence(summary)),
            verbatim([short_usage(verb)]),
            entries(_arguments(verb)),
        )
        for name, summary, verb in verbs
    ]
    variables = {
        **OTHER_VARIABLES,
        "RTD_SETTING": "any other setting: its name in capitals, with `_` for each dot",
        **SERVICE_VARIABLES,
    }
    return _page(
        DAEMON,
        [short_usage(verb) for _, _, verb in verbs],
        section("OPTIONS", entries(_arguments(parser))),
        section("COMMANDS", *commands),
        section(
            "ENVIRONMENT", _variables(variables),
            paragraph("Commands that rtd runs get:"), _variables(RUN_VARIABLES),
        ),
        section(
            "SETTINGS",
            paragraph("In a file of settings, by `--set NAME=VALUE`, or by a variable:"),
            entries(_settings()),
        ),
        section("FILES", entries(_daemon_files())),
        _exit_status(EXIT_CODES),
    )  # fmt: skip


def client_page() -> str:
    """Return rtctl(1)."""
    commands = []
    for name, summary in SUMMARIES.items():
        verb = load_command(name)
        also = [f"`{alias}`" for alias, meant in ALIASES.items() if meant == name]
        named = f"Also: {', '.join(also)}." if also else ""
        commands.append(
            subsection(
                f"rtctl {name}",
                paragraph(f"{_sentence(summary)} {named}"),
                verbatim(f"rtctl {part.strip()}" for part in usage_parts(verb.USAGE)),
                entries(_flags(verb.FLAGS)),
                _more(verb.MORE),
            )
        )
    variables = {name: OTHER_VARIABLES[name] for name in _CLIENT_VARIABLES}
    files = [(literal(str(_DAEMON_PLACES.socket)), DAEMON.files["socket"])]
    return _page(
        CLIENT,
        ["rtctl VERB [TARGET ...] [FLAGS]"],
        section("OPTIONS", paragraph("Flags of every verb:"), entries(_flags(GLOBAL))),
        section("COMMANDS", *commands),
        section("ENVIRONMENT", _variables({**variables, **CLIENT_VARIABLES, **VARIABLES})),
        section("FILES", entries(files)),
        _exit_status(
            client_codes.MEANINGS,
            paragraph("`run`, `wait` and `submit --wait` end with the code of the run:"),
            entries((literal(s), m) for s, m in client_codes.RUN_MEANINGS.items()),
        ),
    )


def _page(text: ManText, synopsis: Iterable[str], *sections: str) -> str:
    """Return a page: its sections between those that are the same for all."""
    return "".join(
        (
            head(text.name, f"rtd {VERSION}", MADE),
            section("NAME", f"{text.name} \\- {text.summary}\n"),
            section("SYNOPSIS", verbatim(synopsis)),
            section("DESCRIPTION", *(paragraph(part) for part in text.description)),
            *sections,
            section("EXAMPLES", *(
                paragraph(what) + verbatim(lines) for what, lines in text.examples.items()
            )),
            section("SEE ALSO", f"{text.see_also}\n"),
        )
    )  # fmt: skip


def _sentence(summary: str) -> str:
    return f"{summary[:1].upper()}{summary[1:]}."


def _verbs(
    parser: argparse.ArgumentParser,
) -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for choice in action._choices_actions:
                yield choice.dest, choice.help or "", action.choices[choice.dest]


def short_usage(parser: argparse.ArgumentParser) -> str:
    """Return the command line in short; argparse lists each option, and wraps the lines."""
    words = [parser.prog, "[OPTIONS]"] if any(_arguments(parser)) else [parser.prog]
    for action in parser._actions:
        if not action.option_strings:
            name = str(action.metavar or action.dest)
            words.append(f"[{name}]" if action.nargs == "?" else name)
    return " ".join(words)


def _arguments(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    """Yield the arguments of an argparse parser with their help; hidden ones are left out."""
    for action in parser._actions:
        if action.help in (None, argparse.SUPPRESS) or isinstance(action, _SKIPPED):
            continue
        names = ", ".join(literal(name) for name in action.option_strings)
        value = action.metavar if isinstance(action.metavar, str) else ""
        if action.choices:
            value = "|".join(map(str, action.choices))
        elif not value and action.nargs != 0:
            value = action.dest.upper()
        yield f"{names} {value}".strip(), (action.help or "") % vars(action)


def _flags(flags: Iterable[Flag]) -> Iterator[tuple[str, str]]:
    for flag in flags:
        names = ", ".join(literal(name) for name in flag.names)
        yield (names if flag.kind == SWITCH else f"{names} {flag.metavar}"), flag.doc


def usage_parts(usage: str) -> list[str]:
    """Return the forms of a verb of rtctl."""
    return usage.split("   or   ")


def _more(text: str) -> str:
    """Return the explanation of a verb; indented paragraphs are lines as they stand."""
    parts = [part for part in text.split("\n\n") if part]
    return "".join(
        verbatim([part.strip()]) if part.startswith(" ") else paragraph(part) for part in parts
    )


def _variables(meanings: dict[str, str]) -> str:
    return entries((literal(name), meaning) for name, meaning in meanings.items())


def _daemon_files() -> Iterator[tuple[str, str]]:
    for path in CANDIDATES:
        yield literal(str(path)), "settings; the first of these files that exists"
    for name, meaning in DAEMON.files.items():
        yield literal(str(getattr(_DAEMON_PLACES, name))), meaning


def _settings() -> Iterator[tuple[str, str]]:
    for one in settings():
        default = f" (default: {one.default})" if one.default != "none" else ""
        yield literal(one.name), f"{one.meaning}{default}"
    for name, meaning in lane_settings():
        yield literal(name), meaning


def _exit_status(codes: dict[int, str], *more: str) -> str:
    rows = ((literal(str(code)), meaning) for code, meaning in codes.items())
    return section("EXIT STATUS", entries(rows), *more)
