"""Section 8: running, the scheduler, cron, parameters and environment, custom conditions."""

import re
from datetime import UTC, datetime

import pytest

from rtd.conditions import Answer, ConditionError, Custom, Grammar, Host, Poll, View, World, parse
from tests.unit.language.support import at, change, holds, view


@pytest.mark.parametrize("text", ["task 'x' is running", "while task 'x' is running"])
def test_s8_running_is_started_and_not_ended(text: str) -> None:
    assert holds(text, "09:00", [], {"x": [("run", "08:00")]})
    assert not holds(text, "09:00", [("run", "08:00")])
    for end in ("success", "fail", "terminate", "inaction"):
        assert not holds(text, "09:00", [], {"x": [("run", "08:00"), (end, "08:10")]})
    twice = [("run", "08:00"), ("run", "08:05"), ("success", "08:10")]
    assert holds(text, "09:00", [], {"x": twice})
    assert not holds(text, "07:00", [], {"x": [("run", "08:00")]})


def test_s8_scheduler_started_ago_and_run_over_are_opposites() -> None:
    started = {"scheduler_started": at("10:00")}
    ago, over = "scheduler started 10 minutes ago", "scheduler has run over 10 minutes"
    for now, recent in (("10:00", True), ("10:10", True), ("10:10:00.000001", False)):
        assert holds(ago, now, **started) is recent
        assert holds(over, now, **started) is not recent
    assert change(ago, "10:05", **started) == "2024-01-15 10:10:00.000001"
    assert change(over, "10:11", **started) == "-"
    assert not holds(ago, "10:00")
    assert not holds(over, "10:00")


def test_s8_scheduler_cycles() -> None:
    for done, exact, more, less in ((2, False, False, True), (3, True, False, False)):
        assert holds("scheduler has 3 cycles", "10:00", scheduler_cycles=done) is exact
        assert holds("scheduler has more than 3 cycles", "10:00", scheduler_cycles=done) is more
        assert holds("scheduler has less than 3 cycles", "10:00", scheduler_cycles=done) is less
    assert holds("scheduler has more than 3 cycles", "10:00", scheduler_cycles=4)


#: a line, now, the next matching minute
CRON = [
    ("* * * * *", "10:00:30", "2024-01-15 10:01:00"),
    ("*/15 * * * *", "10:00:30", "2024-01-15 10:15:00"),
    ("5/20 * * * *", "10:30", "2024-01-15 10:45:00"),
    ("0 8 * * *", "10:00", "2024-01-16 08:00:00"),
    ("30 8-10 * * *", "09:31", "2024-01-15 10:30:00"),
    ("0 0 1,15 * *", "10:00", "2024-02-01 00:00:00"),
    ("0 8 * * mon-fri", "2024-01-19 09:00", "2024-01-22 08:00:00"),
    ("0 8 * * MON", "10:00", "2024-01-22 08:00:00"),
    ("0 8 * * 0", "10:00", "2024-01-21 08:00:00"),
    ("0 8 * * 7", "10:00", "2024-01-21 08:00:00"),
    ("0 8 * feb *", "10:00", "2024-02-01 08:00:00"),
    ("0 0 29 2 *", "2024-03-01", "2028-02-29 00:00:00"),
    ("0 0 29 2 *", "2096-03-01", "2104-02-29 00:00:00"),
    ("0 0 31 * *", "2024-02-01", "2024-03-31 00:00:00"),
    ("0 0 13 * 5", "10:00", "2024-01-19 00:00:00"),
    ("0 0 */2 * 5", "2024-01-19 01:00", "2024-02-09 00:00:00"),
    ("59 23 31 12 *", "10:00", "2024-12-31 23:59:00"),
    ("0 0 31 2,3 *", "10:00", "2024-03-31 00:00:00"),
    ("0 0 30 2 1", "10:00", "2024-02-05 00:00:00"),
    ("0 0 29 2 */7", "2033-01-01", "2060-02-29 00:00:00"),
    ("0 0 29 2 */7", "2088-03-01", "2128-02-29 00:00:00"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "now", "following"), CRON)
def test_s8_cron_lines(line: str, now: str, following: str) -> None:
    text = f"cron {line}"
    log = [("run", now)]
    assert change(text, now, log) == following
    assert holds(text, following, log)
    assert holds(text, following[:17] + "59.999999", log)


def test_s8_cron_is_true_in_its_minute_until_i_start() -> None:
    text = "cron 0 8 * * *"
    assert holds(text, "08:00:59", [("run", "07:59:59")])
    assert not holds(text, "08:00:30", [("run", "08:00")])
    assert not holds(text, "08:00:30", [("run", "08:00:20"), ("fail", "08:00:25")])
    assert not holds(text, "08:01")
    assert change(text, "08:00:10") == "2024-01-15 08:01:00"


def test_s8_cron_with_a_fixed_hour_happens_once_around_clock_changes() -> None:
    berlin = {"tz": "Europe/Berlin"}
    text = "cron 30 2 * * *"
    assert change(text, "2024-03-31 00:00", **berlin) == "2024-03-31 03:00:00"
    assert change(text, "2024-03-31 03:00", **berlin) == "2024-03-31 03:01:00"
    assert change(text, "2024-03-31 03:01", **berlin) == "2024-04-01 02:30:00"
    first = datetime(2024, 10, 27, 0, 30, tzinfo=UTC)
    second = datetime(2024, 10, 27, 1, 30, tzinfo=UTC)
    assert parse(text).check(View(first, tz="Europe/Berlin"))
    assert not parse(text).check(View(second, tz="Europe/Berlin"))
    after = parse(text).next_change(View(second, tz="Europe/Berlin"))
    assert after == datetime(2024, 10, 28, 1, 30, tzinfo=UTC)


def test_s8_cron_with_any_hour_follows_the_clock() -> None:
    second = datetime(2024, 10, 27, 1, 30, tzinfo=UTC)
    condition = parse("cron */30 * * * *")
    assert condition.check(View(second, tz="Europe/Berlin"))
    ledger = View(second, "me", {"me": [("run", second)]}, tz="Europe/Berlin")
    assert condition.next_change(ledger) == datetime(2024, 10, 27, 2, 0, tzinfo=UTC)
    before = datetime(2024, 3, 31, 0, 45, tzinfo=UTC)
    following = condition.next_change(View(before, tz="Europe/Berlin"))
    assert following == datetime(2024, 3, 31, 1, 0, tzinfo=UTC)


def test_s8_parameters_and_environment() -> None:
    world = World(params={"mode": "full", "n": 5, "none": ""}, env={"STAGE": "test"})
    rows = [
        ("param 'mode' exists", True),
        ("param 'other' exists", False),
        ("param 'mode' is 'full'", True),
        ("param 'mode' is 'half'", False),
        ("param 'n' is '5'", True),
        ("param 'none' is ''", True),
        ("param 'other' is ''", False),
        ("env 'STAGE' is 'test'", True),
        ("env 'STAGE' is 'prod'", False),
        ("env 'OTHER' is ''", False),
    ]
    for text, value in rows:
        assert holds(text, "10:00", world=world) is value, text


def test_s8_a_custom_text_is_a_leaf_whose_value_comes_from_the_view() -> None:
    grammar = Grammar()
    grammar.custom("work", "has work")
    condition = parse("has work & ~has failed", grammar)
    assert parse(str(condition), grammar) == condition
    assert not condition.check(view("10:00"))
    assert condition.check(view("10:00", world=World(custom={"has work": True})))
    told = view("10:00", world=World(custom={"has work": Answer(True, "3 files are waiting")}))
    assert condition.check(told)
    assert condition.explain(told).children[0].fact == "3 files are waiting"
    with pytest.raises(ConditionError):
        parse("has work")


def test_s8_the_groups_of_a_custom_pattern_become_arguments() -> None:
    grammar = Grammar()
    grammar.custom("files", re.compile(r"folder (?P<folder>.+) has files"))
    condition = parse("folder /tmp/in has files | folder '/a & b' has files", grammar)
    leaves = list(condition.leaves())
    assert [leaf.arguments for leaf in leaves if isinstance(leaf, Custom)] == [
        (("folder", "/tmp/in"),),
        (("folder", "/a & b"),),
    ]
    world = World(custom={"folder '/a & b' has files": True})
    assert condition.check(view("10:00", world=world))
    assert parse(str(condition), grammar) == condition


NO_SYNTAX = ["", " a", "a  b", "a & b", "it's", "(a)", "daily", "every 5 min"]


@pytest.mark.parametrize("syntax", NO_SYNTAX)
def test_s8_a_custom_text_that_could_not_be_read_back_is_refused(syntax: str) -> None:
    with pytest.raises(ConditionError, match=re.escape(repr(syntax))):
        Grammar().custom("mine", syntax)


def test_s8_custom_texts_are_forgotten_replaced_and_not_shared() -> None:
    grammar = Grammar()
    grammar.custom("a", "has work")
    with pytest.raises(ConditionError, match="already that of 'a'"):
        grammar.custom("b", "has work")
    other = grammar.copy()
    grammar.custom("a", "has work")
    assert parse("has work", grammar).polls() == {Poll.CUSTOM}
    grammar.custom("a", "has more work")
    assert str(parse("has more work", grammar)) == "has more work"
    for text in ("has work", "has less work"):
        with pytest.raises(ConditionError):
            parse(text, grammar)
    assert str(parse("has work", other)) == "has work"
    other.remove("a")
    with pytest.raises(ConditionError):
        parse("has work", other)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("memory above 500 MB", "memory above 500000000 B"),
        ("memory above 0.5 GB", "memory above 500 mb"),
        ("memory above 1 KiB", "memory above 1024B"),
        ("host memory above 90%", "host memory above 90.0 %"),
    ],
)
def test_s8_sizes_and_shares_have_several_spellings(text: str, same: str) -> None:
    assert parse(text) == parse(same)


def test_s8_host_leaves() -> None:
    for percent, load in ((90.0, 4.0), (90.1, 4.1)):
        above = percent > 90
        world = World(host=Host(memory_percent=percent, load=load))
        assert holds("host memory above 90 %", "10:00", world=world) is above
        assert holds("host load above 4", "10:00", world=world) is above
    assert not holds("host memory above 0 % | host load above 0", "10:00")


def test_s8_custom_conditions_take_any_blanks_outside_quotes() -> None:
    grammar = Grammar()
    grammar.custom("work", "has work")
    grammar.custom("files", re.compile(r"folder (?P<folder>.+) has files"))
    assert parse("has\n  work", grammar) == parse("has work", grammar)
    found = parse("folder  /a  b\n  has files", grammar)
    assert found == Custom("files", "folder /a b has files", (("folder", "/a b"),))
    quoted = parse("folder  'a  b'  has files", grammar)
    assert str(quoted) == "folder 'a  b' has files"
    assert parse(str(quoted), grammar) == quoted


@pytest.mark.parametrize(
    ("written", "folder"),
    [
        ("/tmp", "/tmp"),
        ("'/tmp'", "/tmp"),
        ('"/srv/R & D (old)"', "/srv/R & D (old)"),
        ("'two  blanks'", "two  blanks"),
        ("'it''s'", "it's"),
        ('"it\'s"', "it's"),
        ("''", ""),
        ("'a' or 'b'", "'a' or 'b'"),
        ("'a'\"b\"", "'a'\"b\""),
        ("/srv/'a b'", "/srv/'a b'"),
    ],
)
def test_s8_an_argument_of_a_custom_condition_comes_without_its_quotes(
    written: str, folder: str
) -> None:
    grammar = Grammar()
    grammar.custom("files", re.compile(r"folder (?P<folder>.+) has files"))
    text = f"folder {written} has files"
    condition = parse(text, grammar)
    assert condition == Custom("files", text, (("folder", folder),))
    assert parse(str(~condition), grammar) == ~condition
