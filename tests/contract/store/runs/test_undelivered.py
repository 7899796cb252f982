"""Outcomes that middleware must still hear of: kept in their order until they are delivered."""

from rtd.store.commands.ended_runs import UndeliveredOutcome
from tests.contract.store.harness import NODE, Store


def listed(store: Store, node: str = NODE) -> list[UndeliveredOutcome]:
    found: list[UndeliveredOutcome] = store.link.execute(store.calls.list_undelivered(node, 100))
    return found


def end(store: Store, *runs: str) -> None:
    """Finish runs so that middleware must hear of them."""
    store.take(n=len(runs))
    outcomes = [store.outcome(run)._replace(kind="dt") for run in runs]
    assert store.finish("E1", *outcomes) == []


def test_nothing_is_kept_where_no_app_has_middleware(store: Store) -> None:
    end(store, *store.submit(2))
    assert listed(store) == []
    assert store.redis("KEYS", "@outcomes:*") == []


def test_outcomes_are_kept_in_their_order_until_they_are_forgotten(store: Store) -> None:
    store.link.execute(store.calls.watch_outcomes(NODE, True))
    runs = store.submit(3)
    end(store, *runs)
    found = listed(store)
    assert [(one.number, one.run_id) for one in found] == list(enumerate(runs, 1))
    assert found[0].record == store.record(runs[0])
    assert [store.link.execute(store.calls.is_undelivered(run)) for run in runs] == [True] * 3
    for _ in range(2):  # the same command again is safe
        assert store.link.execute(store.calls.forget_delivered(NODE, 2)) == 0
    assert [one.number for one in listed(store)] == [3]
    assert [store.link.execute(store.calls.is_undelivered(run)) for run in runs] == [
        False, False, True,
    ]  # fmt: skip


def test_a_later_attempt_of_the_same_run_stays_open(store: Store) -> None:
    store.link.execute(store.calls.watch_outcomes(NODE, True))
    run = store.submit_one()
    store.take()
    store.finish("E1", store.outcome(run, "a")._replace(kind="at"))
    end(store, run)
    assert [one.run_id for one in listed(store)] == [run, run]
    store.link.execute(store.calls.forget_delivered(NODE, 1))
    assert store.link.execute(store.calls.is_undelivered(run))
    store.link.execute(store.calls.forget_delivered(NODE, 2))
    assert not store.link.execute(store.calls.is_undelivered(run))


def test_the_node_that_has_the_task_hears_of_it(store: Store) -> None:
    for node in (NODE, "other"):
        store.link.execute(store.calls.watch_outcomes(node, True))
    store.link.execute(store.calls.add_tasks("having", "other", ["job"]))
    (run,) = runs = store.submit(1)
    end(store, *runs)
    assert listed(store) == []
    assert [one.run_id for one in listed(store, "other")] == [run]


def test_a_long_record_is_named_by_its_id(store: Store) -> None:
    store.link.execute(store.calls.watch_outcomes(NODE, True))
    run = store.submit_one()
    store.take()
    outcome = store.outcome(run)
    store.finish("E1", outcome._replace(kind="dt", record=outcome.record + b"x" * 70_000))
    assert listed(store) == [UndeliveredOutcome(1, run, b"")]
