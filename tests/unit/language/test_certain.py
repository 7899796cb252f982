"""Conditions whose custom parts have no answer yet: what is certain all the same."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtd.conditions import Answer, Custom, Grammar, View, World, parse
from rtd.language.core.time_zones import NEVER
from rtd.language.three_valued import custom_ids, evaluate_partially

GRAMMAR = Grammar()
GRAMMAR.custom("x", "has x")
GRAMMAR.custom("y", "has y")
SECOND = 1_000_000


def known(text: str, now: float = 0.0, **answers: bool | Answer) -> tuple[bool | None, set[str]]:
    world = World(custom={f"has {name}": answer for name, answer in answers.items()})
    found = evaluate_partially(parse(text, GRAMMAR), View(now, world=world))
    return found.value, set(found.unknown)


@pytest.mark.parametrize(
    ("text", "value", "texts"),
    [
        ("has x", None, {"has x"}),
        ("~has x", None, {"has x"}),
        ("has x & false", False, set()),
        ("has x | true", True, set()),
        ("has x & true", None, {"has x"}),
        ("~(has x | true)", False, set()),
        ("has x & has y", None, {"has x", "has y"}),
        ("(has x & false) | has y", None, {"has y"}),
        ("true & ~false", True, set()),
    ],
)
def test_an_open_part_is_asked_only_where_it_decides(
    text: str, value: bool | None, texts: set[str]
) -> None:
    assert known(text) == (value, texts)


def test_an_answer_settles_it_and_a_false_one_makes_the_other_needless() -> None:
    assert known("has x & has y", x=False) == (False, set())
    assert known("has x & has y", x=True) == (None, {"has y"})
    assert known("has x & ~has y", x=True, y=False) == (True, set())


def test_a_certain_value_lasts_until_time_may_change_it() -> None:
    found = evaluate_partially(
        parse("has x & time of day between 08:00 and 10:00", GRAMMAR), View(0.0)
    )
    assert (found.value, found.until) == (False, 8 * 3600 * SECOND)
    found = evaluate_partially(
        parse("has x & time of day between 08:00 and 10:00", GRAMMAR), View(9 * 3600.0)
    )
    assert (found.value, found.until) == (None, 10 * 3600 * SECOND)
    assert evaluate_partially(parse("has x", GRAMMAR), View(0.0)).until == NEVER


def test_an_answer_counts_until_its_time_is_over() -> None:
    answer = Answer(True, "it was so", 60 * SECOND)
    assert known("has x", 59.0, x=answer) == (True, set())
    assert known("has x", 60.0, x=answer) == (False, set())
    leaf = parse("has x", GRAMMAR)
    world = World(custom={"has x": answer})
    assert leaf.evaluate(View(0.0, world=world)) == (True, 60 * SECOND)
    assert leaf.explain(View(0.0, world=world)).fact == "it was so"
    fact = leaf.explain(View(61.0, world=world)).fact
    assert fact == "its latest answer counted until 00:01:00"


def test_a_known_text_is_read_without_its_syntax() -> None:
    grammar = Grammar()
    leaf = Custom("files", "folder /tmp/a(b) has files", (("folder", "/tmp/a(b)"),))
    plain = Custom("files", "folder C:/x has files", (("folder", "C:/x"),))
    grammar.add_literal(plain)
    assert parse("folder C:/x has files & ~true", grammar).leaves().__next__() is plain
    assert custom_ids(parse("folder C:/x has files | true", grammar)) == {plain.text}
    assert leaf.text not in grammar.copy().examples
    assert parse("folder C:/x has files", grammar.copy()) == plain


LEAVES = ("has x", "has y", "true", "false", "time of day between 08:00 and 10:00")
TEXTS = st.recursive(
    st.sampled_from(LEAVES),
    lambda parts: st.one_of(
        parts.map(lambda text: f"~({text})"),
        st.lists(parts, min_size=2, max_size=3).map(lambda texts: f"({' & '.join(texts)})"),
        st.lists(parts, min_size=2, max_size=3).map(lambda texts: f"({' | '.join(texts)})"),
    ),
    max_leaves=8,
)


@given(TEXTS, st.integers(0, 24 * 3600 - 1))
def test_a_certain_value_holds_for_every_answer_and_until_it_says(text: str, at: int) -> None:
    condition = parse(text, GRAMMAR)
    found = evaluate_partially(condition, View(float(at)))
    moments = [at * SECOND, min(found.until, 2 * 24 * 3600 * SECOND) - 1]
    for moment in moments:
        for x, y in itertools.product((False, True), repeat=2):
            world = World(custom={"has x": x, "has y": y})
            view = View(moment / SECOND, world=world)
            if found.value is not None:
                assert condition.check(view) is found.value
            assert evaluate_partially(condition, view).value is condition.check(view)
        assert evaluate_partially(condition, View(moment / SECOND))[::2] == found[::2]
