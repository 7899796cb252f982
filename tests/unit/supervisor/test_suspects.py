"""Custom conditions that hang: how often they are asked."""

from rtd.supervisor.scheduler.quarantine import Quarantine


def test_pauses_grow_with_each_failure_and_end_with_an_answer() -> None:
    suspects = Quarantine(limit_s=5.0)
    assert suspects.due(["a"], 0.0) == []
    now_s, pauses = 0.0, []
    for _ in range(7):
        suspects.add("a", now_s)
        next_s = suspects.next_s(["a", "b"])
        assert next_s is not None
        pauses.append(next_s - now_s)
        assert suspects.due(["a", "b"], next_s - 0.1) == []
        assert suspects.due(["a", "b"], next_s) == ["a"]
        now_s = next_s
    assert pauses == [10, 20, 40, 80, 160, 300, 300]
    suspects.release("a")
    assert "a" not in suspects
    assert suspects.next_s(["a", "b"]) is None
    suspects.add("a", now_s)
    assert suspects.next_s(["a"]) == now_s + 10


def test_who_waits_longest_is_first() -> None:
    suspects = Quarantine(limit_s=1.0)
    suspects.add("b", 0.0)
    suspects.add("a", 1.0)
    assert suspects.due({"a", "b"}, 5.0) == ["b", "a"]
