"""Ledgers: what a view knows of past runs."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from rtd.conditions import ConditionError, HistoryLedger, Ledger, View, World, parse
from tests.unit.language.support import holds

T0 = datetime(2024, 1, 15, 8, tzinfo=UTC).timestamp()


class Counting:
    """A ledger of one task that counts its look-ups."""

    def __init__(self, starts: list[float], ends: list[float]) -> None:
        self.log = {"run": starts, "success": ends}
        self.asked: list[str] = []

    def latest(self, task: str, actions: tuple[str, ...]) -> float | None:
        self.asked.append("latest")
        return max((at for a in actions for at in self.log.get(a, [])), default=None)

    def events(
        self, task: str, actions: tuple[str, ...], since_at: float, until_at: float
    ) -> Sequence[float]:
        self.asked.append("events")
        found = (at for a in actions for at in self.log.get(a, []))
        return sorted(at for at in found if since_at <= at <= until_at)

    def running(self, task: str) -> Sequence[float]:
        self.asked.append("running")
        return self.log["run"][len(self.log["success"]) :]


def test_a_ledger_of_ones_own_does_in_place_of_a_dict() -> None:
    ledger: Ledger = Counting([T0, T0 + 3600], [T0 + 60])
    view = View(T0 + 3700, "me", ledger)
    assert not parse("daily").check(view)
    assert not parse("every 2 minutes").check(view)
    assert parse("has succeeded past 2 hours").check(view)
    assert parse("task 'me' is running").check(view)


def test_the_events_of_a_long_past_are_not_read_when_the_latest_tells() -> None:
    ledger = Counting([T0 + i for i in range(100)], [T0 + i for i in range(100)])
    view = View(T0 + 200, "me", ledger)
    for text in ("daily", "every 1 hour", "has succeeded past 1 h", "has succeeded today",
                 "after task 'me'", "cron * * * * *"):  # fmt: skip
        parse(text).check(view)
    assert "events" not in ledger.asked


def test_events_later_than_now_are_not_seen() -> None:
    view = View(T0 + 30, "me", Counting([T0, T0 + 60], [T0 + 10, T0 + 70]))
    assert parse("has succeeded today").check(view)
    assert parse("every 20 seconds").check(view)
    early = View(T0 - 1, "me", Counting([T0], []))
    assert not parse("has started | task 'me' is running").check(early)


def test_an_end_closes_the_run_that_began_first() -> None:
    ledger = HistoryLedger({"x": [("run", 1.0), ("run", 2.0), ("fail", 3.0)]})
    assert list(ledger.running("x")) == [2.0]
    assert list(ledger.running("y")) == []
    ledger = HistoryLedger({"x": [("success", 3.0), ("success", 2.0), ("run", 1.0)]})
    assert list(ledger.running("x")) == []


def test_events_come_in_order_with_both_ends() -> None:
    log = [("fail", 4.0), ("success", 1.0), ("success", 3.0), ("fail", 2.0), ("run", 2.5)]
    ledger = HistoryLedger({"x": log})
    assert list(ledger.events("x", ("success", "fail"), 2.0, 4.0)) == [2.0, 3.0, 4.0]
    assert list(ledger.events("x", ("success",), 2.0, 9.0)) == [3.0]
    assert ledger.latest("x", ("success", "fail")) == 4.0
    assert ledger.latest("x", ("inaction",)) is None
    assert ledger.latest("nobody", ("run",)) is None


def test_an_unknown_action_is_told() -> None:
    with pytest.raises(ConditionError, match="'crash'"):
        holds("daily", "09:00", [("crash", "08:00")])


def test_one_moment_serves_many_tasks() -> None:
    view = View(T0 + 30, "me", {"me": [("run", T0)], "x": [("success", T0)]}, world=World())
    other = view.for_task("x")
    assert (view.task, other.task) == ("me", "x")
    assert parse("has started").check(view)
    assert not parse("has started").check(other)
    assert parse("has succeeded").check(other)
