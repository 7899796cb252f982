"""The command line: flags anywhere before `--`, errors that name the flag."""

import re

import pytest

from rtctl.cli.command_table import ALIASES, COMMANDS
from rtctl.cli.context import GLOBAL
from rtctl.cli.flags import SWITCH, Flag, FlagParser, UsageError
from rtctl.cli.submit_request import SUBMIT_FLAGS
from rtctl.main import split
from rtd.model.policies import POLICY_OPTIONS

FLAGS = (
    Flag("-n/--limit", "", "int"),
    Flag("-f/--follow", ""),
    Flag("--grace", "", "duration"),
    Flag("--size", "", "size"),
    Flag("--label", "", "text", many=True),
    Flag("--on-lost", "", "fail|requeue"),
)


def parse(*words: str) -> dict[str, object]:
    return vars(FlagParser("ls", FLAGS).parse(words))


NOTHING = parse()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", {}),
        ("a b", {"targets": ["a", "b"]}),
        ("-n 5", {"limit": 5}),
        ("-n5", {"limit": 5}),
        ("-n -5", {"limit": -5}),
        ("--limit=5 x", {"limit": 5, "targets": ["x"]}),
        ("x --limit 5", {"limit": 5, "targets": ["x"]}),
        ("-fn5", {"follow": True, "limit": 5}),
        ("--grace 1.5m", {"grace": 90.0}),
        ("--size 1K", {"size": 1024}),
        ("--label a --label=b", {"label": ["a", "b"]}),
        ("--label=", {"label": [""]}),
        ("--label --follow", {"label": ["--follow"]}),
        ("--on-lost requeue", {"on_lost": "requeue"}),
        ("-f -- -n 5", {"follow": True, "tail": ["-n", "5"]}),
        ("--", {"tail": []}),
        ("- x", {"targets": ["-", "x"]}),
    ],
)
def test_words_are_read(words: str, found: dict[str, object]) -> None:
    assert parse(*words.split()) == NOTHING | found


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--limt 5", "ls: unknown flag --limt; did you mean --limit?"),
        ("-x", "ls: unknown flag -x"),
        ("-n", "ls: -n needs a value (INT)"),
        ("--limit five", "ls: --limit: 'five' is no whole number"),
        ("--follow=yes", "ls: --follow takes no value"),
        ("--grace soon", "ls: --grace: 'soon' is no duration"),
        ("--size big", "ls: --size: 'big' is no size"),
        ("--on-lost cry", "ls: --on-lost: 'cry' is none of fail, requeue"),
    ],
)
def test_a_mistake_is_named(words: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=re.escape(sentence)):
        parse(*words.split())


@pytest.mark.parametrize(
    ("words", "verb", "rest"),
    [
        ("", "ls", ""),
        ("-j", "ls", "-j"),
        ("-n 5", "ls", "-n 5"),
        ("kill a", "kill", "a"),
        ("-j kill a", "kill", "-j a"),
        ("-s /x/y kill a", "kill", "-s /x/y a"),
        ("--socket=/x/y kill a", "kill", "--socket=/x/y a"),
        ("--help", "help", ""),
        ("-h kill", "help", "kill"),
        ("--version", "version", ""),
        ("submit -- kill", "submit", "-- kill"),
    ],
)
def test_the_verb_is_found(words: str, verb: str, rest: str) -> None:
    assert split(words.split()) == (verb, rest.split())


def test_no_letter_means_two_things_in_one_verb() -> None:
    for flags in ((*GLOBAL, *SUBMIT_FLAGS),):
        names = [name for flag in flags for name in flag.names]
        assert len(names) == len(set(names))


def test_every_policy_is_a_flag_of_submit() -> None:
    assert set(POLICY_OPTIONS) <= {flag.dest for flag in SUBMIT_FLAGS}


def test_aliases_lead_to_verbs() -> None:
    assert set(ALIASES.values()) <= set(COMMANDS)
    assert not set(ALIASES) & set(COMMANDS)
    assert all(flag.kind == SWITCH or flag.metavar for flag in GLOBAL)
