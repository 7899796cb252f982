"""Section 9: explain and next_change."""

import json
from datetime import UTC

import pytest

from rtd.conditions import parse
from tests.unit.language.support import at, change, view

X = {"x": [("run", "08:00"), ("success", "08:03:11")]}


def test_s9_a_leaf_tells_the_fact_behind_it() -> None:
    told = parse("after task 'x'").explain(view("09:00", [("run", "08:05:40")], X))
    assert told.value is False
    assert told.text == "after task 'x'"
    assert told.fact == "this task last started 08:05:40; x last succeeded 08:03:11, not after it"
    assert told.next_change is None
    assert told.children == ()


def test_s9_the_tree_has_every_part_with_its_value() -> None:
    condition = parse("after task 'x' & ~(daily before 10:00 | every 10 minutes)")
    told = condition.explain(view("09:00", [], X))
    assert str(told).split("\n")[0].startswith("false  after task 'x' & ~(")
    assert [line.split(":")[0] for line in str(told).split("\n")[1:]] == [
        "  true   after task 'x'",
        "  false  ~(daily before 10",
        "    true   daily before 10",
        "      true   daily before 10",
        "      true   every 10 minutes",
    ]


def test_s9_the_tree_is_plain_data() -> None:
    told = parse("daily before 10:00 & true").explain(view("09:00"))
    plain = json.loads(json.dumps(told.to_dict()))
    assert plain["value"] is True
    assert plain["next_change"] == "2024-01-15T10:00:00"
    assert [child["text"] for child in plain["children"]] == ["daily before 10:00", "true"]
    assert set(plain) == {"value", "text", "fact", "next_change", "children"}


@pytest.mark.parametrize(
    ("text", "now", "expected"),
    [
        ("true", "09:00", "-"),
        ("time of day after 10:00 & time of day after 11:00", "09:00", "2024-01-15 11:00:00"),
        ("time of day after 10:00 | time of day after 11:00", "09:00", "2024-01-15 10:00:00"),
        ("time of day after 10:00 & false", "09:00", "-"),
        ("time of day after 10:00 | true", "09:00", "-"),
        ("~time of day after 10:00", "09:00", "2024-01-15 10:00:00"),
        ("time of day before 10:00 & time of day before 12:00", "09:00", "2024-01-15 10:00:00"),
        ("time of day before 10:00 | time of day before 12:00", "09:00", "2024-01-15 12:00:00"),
    ],
)
def test_s9_next_change_looks_at_the_whole_expression(text: str, now: str, expected: str) -> None:
    assert change(text, now) == expected


def test_s9_next_true_steps_from_change_to_change() -> None:
    text = "time of week on Saturday & time of day after 10:00 & cron */20 * * * *"
    found = parse(text).next_true(view("09:00", [("run", "08:00")]))
    assert found == at("2024-01-20 10:00")
    assert parse("true").next_true(view("09:00")) == at("09:00")
    assert parse("after task 'x' & daily").next_true(view("09:00")) is None


def test_s9_decide_is_value_and_next_change_for_a_scheduler() -> None:
    told = parse("time of day after 10:00").decide(view("09:00"))
    assert told == (False, at("10:00").replace(tzinfo=UTC).timestamp())
    assert parse("true").decide(view("09:00")) == (True, None)


def test_s9_a_name_with_a_line_break_keeps_the_tree_in_shape() -> None:
    condition = parse("~after task 'a\nb' & ~(~daily & never)")
    told = condition.explain(view("10:00"))
    assert [line.split(":")[0] for line in str(told).split("\n")] == [
        "true   ~after task 'a b' & ~(~daily & false)",
        "  true   ~after task 'a b'",
        "    false  after task 'a b'",
        "  true   ~(~daily & false)",
        "    false  ~daily & false",
        "      false  ~daily",
        "        true   daily",
        "      false  false",
    ]
    assert told.text == str(condition)
