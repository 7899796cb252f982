"""Words of other programs on the command line: the error says what to write, and that exists."""

import re

import pytest

from rtctl.cli.command_table import ALIASES, COMMANDS, SUBCOMMANDS
from rtctl.cli.flags import FlagParser
from rtctl.commands import load_command
from rtctl.core.other_verbs import _INSPECT, OTHER_VERBS
from rtctl.main import GLOBAL, main
from rtd.cli.main import build_parser

QUOTED = re.compile(r"`(rtctl|rtd) ([^`]+)`")


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one line of an error of rtctl, with code 2."""
    assert main(["-s", "/nonexistent", *words]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    return err


@pytest.mark.parametrize(
    ("words", "instead"),
    [
        ("start web", "`rtctl submit TASK`"),
        ("restart web", "`rtctl reload`"),
        ("top", "`rtctl ls --state running -o wide`"),
        ("delay report", "`rtctl submit TASK name=text`"),
        ("purge", "`rtctl queue purge QUEUE`"),
        ("inspect active", "`rtctl ls --state running`"),
        ("worker", "`rtd run APP`"),
        ("beat", "`rtctl next`"),
        ("run echo hi", "`rtctl run -- echo hi`"),
        ("submit echo hi", "`rtctl submit -- echo hi`"),
        ("run ls -la", "`rtctl run -- ls -la`"),
        ("run --timeout 5s ls --no-such-flag", "`rtctl run -- ls --no-such-flag`"),
    ],
)
def test_the_error_says_what_to_write(
    capsys: pytest.CaptureFixture[str], words: str, instead: str
) -> None:
    assert instead in said(capsys, *words.split())


def test_words_that_are_no_command_get_no_hint_of_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert "`--`" not in said(capsys, "run", "no-such-program", "x")
    assert "`--`" not in said(capsys, "ls", "--no-such-flag")


@pytest.mark.parametrize(
    ("words", "instead"),
    [
        ("worker", "`rtd run APP`"),
        ("beat", "`rtctl next`"),
        ("shop.py", "`rtd run shop.py`"),
        ("shop:app", "`rtd run shop:app`"),
    ],
)
def test_rtd_says_what_to_write(
    capsys: pytest.CaptureFixture[str], words: str, instead: str
) -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args(words.split())
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert instead in err


@pytest.mark.parametrize("hint", sorted({*OTHER_VERBS.values(), *_INSPECT.values()}))
def test_what_is_suggested_exists(hint: str) -> None:
    for program, text in QUOTED.findall(hint):
        verb, *rest = text.split()
        if program == "rtd":
            build_parser().parse_args([verb, *rest])
            continue
        assert verb in COMMANDS
        if verb in SUBCOMMANDS:
            assert rest.pop(0) in SUBCOMMANDS[verb]
        FlagParser(verb, (*GLOBAL, *load_command(verb).FLAGS)).parse(rest)


def test_no_word_is_a_verb_already() -> None:
    assert not OTHER_VERBS.keys() & {*COMMANDS, *ALIASES}
