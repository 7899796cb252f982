"""Directives that write the reference from the code, so that the two cannot differ."""

import argparse
import importlib
import os
import re
from collections.abc import Iterable, Iterator
from unittest import mock

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from rtctl.cli.command_table import ALIASES, SUMMARIES
from rtctl.cli.context import GLOBAL
from rtctl.cli.flags import SWITCH, Flag
from rtctl.commands import load_command
from rtd.cli.exit_codes import EXIT_CODES
from rtd.common import errors
from rtd.config import config, setting_readers
from rtd.model import policies
from rtd.protocol import shapes
from tools import settings_table
from tools.generate_man import short_usage, usage_parts
from tools.settings_table import shown

_CORES_SHOWN = 4


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield the lines of a table in Markdown."""
    columns = list(head)
    yield "| " + " | ".join(columns) + " |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


def code_block(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a block that the site shows as it is."""
    yield "```text"
    yield from lines
    yield "```\n"


def mark_flags(text: str) -> str:
    """Return a text with its flags in backticks, so that two dashes stay two dashes."""
    parts = text.split("`")  # each second part is in backticks already
    parts[::2] = (re.sub(r"(?<![\w-])(--?[a-z][\w-]*)", r"`\1`", part) for part in parts[::2])
    return "`".join(parts)


class Written(SphinxDirective):
    """A directive whose content is Markdown made by `lines`.

    Where a page is read as it stands, its text says where to find what is here on the site.
    """

    has_content = True

    def lines(self) -> Iterable[str]:
        raise TypeError("each directive has lines of its own")

    def run(self) -> list[nodes.Node]:
        return self.parse_text_to_nodes("\n".join(self.lines()), allow_section_headings=True)


class Settings(Written):
    """All settings except those of lanes: name, variable, default, meaning."""

    def lines(self) -> Iterable[str]:
        return table(
            ("setting and variable", "default", "meaning"),
            (
                (f"`{one.name}`<br>`{one.variable}`", one.default, one.meaning)
                for one in settings_table.settings()
            ),
        )


class Lanes(Written):
    """The settings of the pools, with their defaults on a machine of four cores."""

    def lines(self) -> Iterable[str]:
        with mock.patch.object(os, "cpu_count", return_value=_CORES_SHOWN):
            lanes = config.default_lanes()
        fields = list(setting_readers.LANE_READERS.items())
        yield from table(
            ("setting", "meaning"),
            ((f"`{name}`", meaning) for name, meaning in settings_table.lane_settings()),
        )
        yield f"\nDefaults on a machine with {_CORES_SHOWN} cores:\n"
        yield from table(
            ("pool", *(f"`{name}`" for name, _ in fields)),
            (
                (pool, *(shown(getattr(lane, field), field) for _, (field, _) in fields))
                for pool, lane in lanes.items()
            ),
        )


class PolicyTable(Written):
    """All policies of a task."""

    def lines(self) -> Iterable[str]:
        defaults = policies.Policies()
        return table(
            ("policy", "default", "meaning"),
            (
                (
                    f"`{name}`",
                    shown(getattr(defaults, option.field), option.field),
                    f"{option.doc}; {option.more}" if option.more else option.doc,
                )
                for name, option in policies.POLICY_OPTIONS.items()
            ),
        )


class SubmitOptions(Written):
    """The options of a submit, beside the task's parameters."""

    def lines(self) -> Iterable[str]:
        rows = ((f"`{o.name}`", f"`{o.type}`", o.doc) for o in shapes.SUBMIT_OPTIONS)
        return table(("option", "type", "meaning"), rows)


class ExitCodes(Written):
    """The exit code of rtctl for each error."""

    def lines(self) -> Iterable[str]:
        rows = []
        for code in sorted(set(errors.EXIT_CODE.values())):
            for name, exit_code in errors.EXIT_CODE.items():
                if exit_code == code:
                    meaning = (errors.BY_CODE[name].__doc__ or "").strip().splitlines()[0]
                    rows.append((str(code), f"`{name}`", meaning))
        return table(("exit code", "error", "meaning"), rows)


class DaemonExitCodes(Written):
    """The exit codes of the command `rtd`."""

    def lines(self) -> Iterable[str]:
        rows = ((str(code), meaning) for code, meaning in EXIT_CODES.items())
        return table(("exit code", "meaning"), rows)


class ClientCommand(Written):
    """The verbs of rtctl with their flags."""

    def lines(self) -> Iterable[str]:
        yield "Flags of every verb:\n"
        yield from _client_flags(GLOBAL)
        for name, summary in SUMMARIES.items():
            verb = load_command(name)
            yield f"\n## rtctl {name}\n"
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


class CommandLine(Written):
    """The verbs and flags of a command, from its argparse parser: `module:function`."""

    required_arguments = 1

    def lines(self) -> Iterable[str]:
        module, _, function = self.arguments[0].partition(":")
        parser = getattr(importlib.import_module(module), function)()
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


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives with Sphinx."""
    for name, directive in (
        ("rtd-settings", Settings),
        ("rtd-lanes", Lanes),
        ("rtd-policies", PolicyTable),
        ("rtd-options", SubmitOptions),
        ("rtd-exit-codes", ExitCodes),
        ("rtd-daemon-exit-codes", DaemonExitCodes),
        ("rtd-command", CommandLine),
        ("rtctl-command", ClientCommand),
    ):
        app.add_directive(name, directive)
    return {"parallel_read_safe": True}
