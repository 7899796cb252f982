"""No text makes `parse` raise anything but its own error, or take long."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtd.conditions import Condition, ConditionError, parse
from rtd.language.core.condition import MAX_DEPTH
from rtd.language.parser import MAX_CHARS, MAX_OPEN
from tests.unit.language.strategies import BUDGET, CONDITIONS, TEXTS

LONGEST_S = 0.25
N = MAX_CHARS


def timed(text: str) -> tuple[Condition | ConditionError, float]:
    """Return the outcome of a text, and the CPU seconds it took at best of three."""
    best = 1.0
    for _ in range(3):
        start = time.process_time()
        try:
            found: Condition | ConditionError = parse(text)
        except ConditionError as error:
            found = error
        best = min(best, time.process_time() - start)
    return found, best


LONG = [
    "(" * N, ")" * N, "~" * N, "~(" * (N // 2), "'" * N, '"' * N, "'a'" * (N // 3), " " * N,
    "a" * N, "a " * (N // 2), "\n" * (N - 1) + "x", "&" * N, "true|" * (N // 5), "()" * (N // 2),
    "true & " * 999 + "true", "(" * 900 + "true" + " & true)" * 900, "(true|" * 5000,
    "(~(" * 400 + "true" + "))" * 400, "every " + "1s" * 40_000, "every " + "9" * 90_000,
    "every " + "1 " * 40_000, "after tasks " + "'a'," * 20_000 + "'a'", "daily " * 15_000,
    "after tasks " + "'a', " * 18_000, "cron " + "1," * 40_000 + "1 * * * *", "not " * 20_000,
    "cron " + "* " * 40_000, "daily after " * 8000, "daily between " * 7000, "'x' " * 20_000,
    "monthly after " + "1" * 90_000, "memory above " + "1" * 90_000, "true and " * 10_000,
    "task '" + "'" * 90_000 + "' is running", "task '" + "x" * 90_000 + "' is running",
    "scheduler has " + "1" * 90_000 + " cycles", "x" * 199, "tru " * 49, "dayly aftr 08:00 " * 10,
    "(" * (N + 1), "é" * N, "\0" * N, "true &" * 10_000, "| " * (N // 2),
]  # fmt: skip


@pytest.mark.parametrize("text", LONG, ids=lambda text: f"{text[:18]!r} x {len(text)}")
def test_b2_long_texts_are_answered_quickly(text: str) -> None:
    found, took_s = timed(text)
    assert took_s < LONGEST_S
    assert len(str(found)) < 120_000
    if isinstance(found, ConditionError):
        assert len(str(found)) < 2000


def test_b2_parentheses_may_be_deep_but_not_endless() -> None:
    deep = MAX_OPEN - 1
    assert parse("(" * deep + "true" + ")" * deep) == parse("true")
    assert parse("~(" * deep + "true" + ")" * deep) == parse("~true")
    with pytest.raises(ConditionError, match="parentheses are open"):
        parse("(" * MAX_OPEN + "true" + ")" * MAX_OPEN)


def nested(depth: int) -> str:
    """And and or in turn, one inside the other."""
    text = "true"
    for i in range(depth):
        text = f"daily {'&' if i % 2 else '|'} ({text})"
    return text


def test_b2_nesting_is_limited_and_below_the_limit_everything_works() -> None:
    condition = parse(nested(MAX_DEPTH))
    assert parse(str(condition)) == condition
    assert hash(condition) == hash(parse(str(condition)))
    assert len(list(condition.leaves())) == MAX_DEPTH + 1
    with pytest.raises(ConditionError, match="at most 100 deep"):
        parse(nested(MAX_DEPTH + 1))
    with pytest.raises(ConditionError, match="at most 100 deep"):
        _ = parse("hourly") & condition if MAX_DEPTH % 2 else ~condition | parse("hourly")


def test_b2_the_number_of_leaves_is_limited() -> None:
    parse(" | ".join(["daily"] * 1000))
    with pytest.raises(ConditionError, match="at most 1000 leaves"):
        parse(" | ".join(["daily"] * 1001))
    with pytest.raises(ConditionError, match="at most 1000 leaves"):
        _ = parse(" | ".join(["daily"] * 1000)) | parse("hourly")


WORDS = st.sampled_from(
    re.findall(
        r"\S+",
        "daily hourly after before between and on starting time of day week month 08:00 25:61 Mon "
        "31st 1. every 10 min 1h -5 task tasks any 'x' '' ' \" ( ) & | ~ && has succeeded past "
        "this hour today in is running while scheduler started ago run over cycles more than cron "
        "* */5 61 , param exists env cpu memory above 5 % MB for no output host load always true",
    )
)
JUMBLE = st.lists(st.one_of(WORDS, st.sampled_from([" ", "  ", "\n", "\t"])), max_size=25)


@given(st.one_of(st.text(max_size=80), JUMBLE.map(" ".join), JUMBLE.map("".join)))
@BUDGET
def test_b2_any_text_is_a_condition_or_a_clear_error(text: str) -> None:
    found, took_s = timed(text)
    assert took_s < LONGEST_S
    if isinstance(found, Condition):
        assert parse(str(found)) == found
    else:
        assert found.problem.isprintable()
        assert 1 <= found.line <= text.count("\n") + 1
        assert 1 <= found.column <= len(text) + 1


@pytest.mark.parametrize("odd", ["\n", "\r\n", "\x1b[31m", "\ud800", "\u2028"])
def test_b2_a_problem_is_one_line_for_every_text(odd: str) -> None:
    for text in (f"'a{odd}b'", f"daily after 'x{odd}y'", f"every 'x{odd}y'"):
        with pytest.raises(ConditionError) as caught:
            parse(text)
        assert caught.value.problem.isprintable()
        assert caught.value.caret.replace("\n", "").isprintable()


@given(st.one_of(TEXTS, CONDITIONS.map(str)), st.data())
@BUDGET
def test_b2_a_damaged_condition_is_one_too_or_a_clear_error(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 3))
    put = data.draw(st.sampled_from(["", " ", "&", "(", ")", "'", "9", "x", ":", "-", "~", "%"]))
    found, took_s = timed(text[:at] + put + text[at + cut :])
    assert took_s < LONGEST_S
    assert isinstance(found, Condition) or found.problem
