"""Custom conditions that hang or end their process: when each is evaluated."""

from rtd.supervisor.scheduler.evaluation_order import EvaluationOrder
from rtd.supervisor.scheduler.quarantine import Quarantine


def test_pauses_grow_with_each_failure_and_end_with_an_answer() -> None:
    quarantine = Quarantine(limit_s=5.0)
    assert quarantine.due(["a"], 0.0) == []
    now_s, pauses = 0.0, []
    for _ in range(7):
        quarantine.add("a", now_s)
        next_s = quarantine.next_s(["a", "b"])
        assert next_s is not None
        pauses.append(next_s - now_s)
        assert quarantine.due(["a", "b"], next_s - 0.1) == []
        assert quarantine.due(["a", "b"], next_s) == ["a"]
        now_s = next_s
    assert pauses == [10, 20, 40, 80, 160, 300, 300]
    quarantine.release("a")
    assert "a" not in quarantine
    assert quarantine.next_s(["a", "b"]) is None
    quarantine.add("a", now_s)
    assert quarantine.next_s(["a"]) == now_s + 10


def test_who_waits_longest_is_first() -> None:
    quarantine = Quarantine(limit_s=1.0)
    quarantine.add("b", 0.0)
    quarantine.add("a", 1.0)
    assert quarantine.due({"a", "b"}, 5.0) == ["b", "a"]


def test_conditions_that_had_no_turn_are_first_in_the_next_run() -> None:
    order = EvaluationOrder(limit_s=1.0)
    needed = {"a", "b", "c"}
    assert order.take_turn(order.due(needed, 0.0)) == ["a", "b", "c"]
    assert order.end_turn(["a", "b", "c"], {"a"}) == ["b", "c"]
    assert order.take_turn(order.due(needed, 1.0)) == ["b", "c", "a"]
    assert order.end_turn(["b", "c", "a"], needed) == []
    assert order.take_turn(order.due(needed, 2.0)) == ["a", "b", "c"]


def test_after_a_crash_each_condition_is_evaluated_alone() -> None:
    order = EvaluationOrder(limit_s=1.0)
    needed = {"a", "b"}
    order.end_turn(order.take_turn(order.due(needed, 0.0)), ())
    assert order.take_turn(order.due(needed, 1.0)) == ["a"]
    order.end_turn(["a"], ())
    order.quarantine.add("a", 1.0)
    assert order.take_turn(order.due(needed, 2.0)) == ["b"]


def test_a_quarantined_condition_and_the_others_take_turns() -> None:
    order = EvaluationOrder(limit_s=1.0)
    order.quarantine.add("bad", 0.0)
    assert order.due({"bad"}, 1.0) == set()
    turns = [order.take_turn(order.due({"bad", "good"}, 5.0)) for _ in range(4)]
    assert turns == [["bad"], ["good"], ["bad"], ["good"]]
