"""Properties of every condition in every view (hypothesis)."""

import pickle

from hypothesis import given

from rtd.conditions import Condition, Explanation, View, parse
from rtd.language.core.time_zones import NEVER
from tests.unit.language.strategies import BUDGET, CONDITIONS, LEAVES, views

HORIZON = 40 * 86_400_000_000
#: Steps after now at which a value is evaluated, microseconds: near, then farther.
STEPS = sorted(
    {1, 2, 999, 1_000_000, 30_000_000}
    | {60_000_000 * n for n in range(1, 60, 7)}
    | {900_000_000 * n for n in range(1, 200, 3)}
    | {3_600_000_000 * 11 * n for n in range(4, 90)}
)


@given(CONDITIONS)
@BUDGET
def test_b2_the_text_of_a_condition_parses_back_to_it(condition: Condition) -> None:
    again = parse(str(condition))
    assert again == condition
    assert hash(again) == hash(condition)
    assert str(again) == str(condition)
    assert pickle.loads(pickle.dumps(condition)) == condition


@given(CONDITIONS, views())
@BUDGET
def test_b2_the_value_is_constant_until_the_next_change(condition: Condition, view: View) -> None:
    value, until = condition.evaluate(view)
    assert until > view.now_us
    end = min(until, view.now_us + HORIZON)
    moments = [view.now_us + step for step in STEPS if view.now_us + step < end]
    for moment in (*moments, end - 1):
        assert condition.check(view.later(moment)) is value, view.later(moment).now


@given(LEAVES, views())
@BUDGET
def test_b2_stepping_from_change_to_change_misses_none(condition: Condition, view: View) -> None:
    moment, value = view.now_us, condition.check(view)
    until = condition.evaluate(view)[1]
    for i in range(1, 120):
        moment = view.now_us + i * 900_000_000
        steps = 0
        while until <= moment and steps < 3000:
            value, until = condition.evaluate(view.later(until))
            steps += 1
        assert condition.check(view.later(moment)) is value


@given(CONDITIONS, views())
@BUDGET
def test_b2_explanations_agree_with_the_check(condition: Condition, view: View) -> None:
    told = condition.explain(view)
    assert told.value is condition.check(view)
    assert told.next_change == condition.next_change(view)
    assert condition.decide(view).value is told.value

    def agree(node: Explanation) -> None:
        assert node.value is parse(node.text).check(view)
        assert node.fact
        for child in node.children:
            agree(child)

    agree(told)
    assert len(str(told).split("\n")) >= 1 + len(told.children)


def test_b2_never_is_after_everything() -> None:
    assert parse("true").evaluate(View(0.0)) == (True, NEVER)
