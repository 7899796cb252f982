"""The manual pages are troff that needs no correction, and leave nothing out."""

import re
import shlex

import pytest

from rtctl.cli.command_table import ALIASES, COMMANDS, SUMMARIES
from rtctl.cli.context import GLOBAL
from rtctl.cli.flags import FlagParser
from rtctl.commands import load_command
from rtctl.main import split
from rtd.cli.main import build_parser
from tests.helpers.source import modules
from tools import generate_man
from tools.man_texts import CLIENT, DAEMON
from tools.roff import entries, escape, paragraph, verbatim

PAGES = generate_man.pages()
SECTIONS = [
    "NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "COMMANDS", "ENVIRONMENT", "SETTINGS",
    "FILES", "EXIT STATUS", "EXAMPLES", "SEE ALSO",
]  # fmt: skip
MACROS = {'.\\"', ".TH", ".SH", ".SS", ".PP", ".TP", ".RS", ".RE", ".nf", ".fi"}
#: Fonts, and characters that troff would set as others.
ESCAPES = re.compile(r"\\(?:f[BR]|-|e|&|\((?:aq|ha|ti|dq)|\[u[0-9A-F]{4}\])")
#: How the code reads a variable.
_READ = re.compile(r'\benv(?:iron)?(?:ment)?(?:\.get\(|\.pop\(|\[)"([A-Z_]{3,})"')


def shown(page: str) -> str:
    """The text of a page as a reader sees it, but for the line breaks."""
    for escaped, character in ((r"\-", "-"), (r"\(aq", "'"), (r"\e", "\\"), (r"\&", "")):
        page = page.replace(escaped, character)
    return re.sub(r"\\f[BR]", "", page)


def faults(page: str) -> list[str]:
    """The lines that troff would complain about or set otherwise than they are meant."""
    wrong = [line for line in page.splitlines() if not line.isascii() or not line.strip()]
    wrong += [
        line for line in page.splitlines()
        if line.startswith((".", "'")) and line.split()[0] not in MACROS
    ]  # fmt: skip
    for line in page.splitlines()[1:]:
        fonts = re.findall(r"\\f([BR])", line)
        if "\\" in ESCAPES.sub("", line) or fonts != ["B", "R"] * (len(fonts) // 2):
            wrong.append(line)
    for begin, end in ((".nf", ".fi"), (".RS 4", ".RE")):
        nested = [line for line in page.splitlines() if line in (begin, end)]
        if nested != [begin, end] * (len(nested) // 2):
            wrong.append(f"{begin} without {end}")
    return wrong


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_troff_with_all_sections_in_order(name: str) -> None:
    assert faults(PAGES[name]) == []
    left_out = set() if name == "rtd.1" else {"SETTINGS"}
    expected = [one for one in SECTIONS if one not in left_out]
    assert re.findall(r"^\.SH (.*)", PAGES[name], re.MULTILINE) == expected


def test_each_verb_and_flag_is_on_its_page() -> None:
    page = shown(PAGES["rtctl.1"])
    for name in SUMMARIES:
        assert f'.SS "rtctl {name}"' in page
        for flag in (*GLOBAL, *load_command(name).FLAGS):
            assert ", ".join(flag.names) in page
    page = shown(PAGES["rtd.1"])
    for name, _, verb in generate_man._verbs(build_parser()):
        assert f'.SS "rtd {name}"' in page
        assert list(generate_man._arguments(verb))


def test_every_variable_that_the_code_reads_is_on_a_page() -> None:
    read = {
        (module.name.partition(".")[0], name)
        for module in modules().values()
        for name in _READ.findall(module.text)
    }
    assert ("rtctl", "NO_COLOR") in read
    assert ("rtd", "NOTIFY_SOCKET") in read
    missing = [(top, name) for top, name in read if name not in PAGES[f"{top}.1"]]
    assert not missing


@pytest.mark.parametrize("line", [line for lines in DAEMON.examples.values() for line in lines])
def test_an_example_of_rtd_is_a_command_line(line: str) -> None:
    build_parser().parse_args(shlex.split(line)[1:])


@pytest.mark.parametrize("line", [line for lines in CLIENT.examples.values() for line in lines])
def test_an_example_of_rtctl_is_a_command_line(line: str) -> None:
    name, rest = split(shlex.split(line)[1:])
    assert ALIASES.get(name, name) in COMMANDS
    FlagParser(name, (*GLOBAL, *load_command(name).FLAGS)).parse(rest)


def test_the_rule_sees_what_troff_would_change() -> None:
    assert faults("x\n.XX\n'quoted\n\\fBopen\nback\\slash\n.nf\n") == [
        ".XX", "'quoted", r"\fBopen", r"back\slash", ".nf without .fi",
    ]  # fmt: skip
    text = ".lead 'q' a-b `c\\d`"
    assert faults("x\n" + paragraph(text) + verbatim([text]) + entries([("t", text)])) == []
    assert shown(escape(text)) == ".lead 'q' a-b c\\d"
