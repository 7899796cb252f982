"""Cancelling: only what waits, only as it was seen, wherever it waits."""

import pytest

from tests.contract.store.harness import Store


@pytest.mark.parametrize("where", ["queue", "delayed", "held", "paused"])
def test_a_run_is_cancelled_wherever_it_waits(store: Store, where: str) -> None:
    if where == "held":
        blocker = store.submit_one(mc=1)
        run = store.submit_one(mc=1)
        assert store.take(n=5) == [blocker]
        assert store.waiting("held") == [run]
    else:
        run = store.submit_one(due_ms=store.now_ms + 1000 if where == "delayed" else 0)
    if where == "paused":
        store.link.execute(store.calls.pause("n", "default"))
    assert store.cancel(run) == "ok"
    assert store.state(run) == "c"
    assert store.link.execute(store.calls.list_queued(10)) == []
    assert store.link.execute(store.calls.tally("job")) == {"c": 1}
    assert [r.id for r in store.link.execute(store.calls.list_done(10, bad=True))] == [run]


def test_a_run_that_an_executor_holds_is_not_cancelled(store: Store) -> None:
    run = store.submit_one()
    store.take()
    assert store.cancel(run) == "leased"
    assert store.finish("E1", run) == []


def test_a_run_handed_off_but_not_read_yet_is_not_cancelled(store: Store) -> None:
    store.take()
    run = store.submit_one()
    assert store.cancel(run) == "leased"
    assert store.take() == [run]


def test_a_run_that_changed_meanwhile_is_not_cancelled(store: Store) -> None:
    run = store.submit_one()
    seen = store.record(run)
    store.take()
    store.finish("E1", store.outcome(run, "a"))
    assert store.cancel(run, old=seen) == "changed"
    assert store.waiting() == [run]
    assert store.cancel(run) == "ok"


def test_a_run_that_is_over_stays_what_it_is(store: Store) -> None:
    run = store.submit_one()
    seen = store.record(run)
    store.take()
    store.finish("E1", run)
    assert store.cancel(run, old=seen) == "changed"
    assert store.state(run) == "s"


def test_a_run_without_record_is_missing(store: Store) -> None:
    run = store.submit_one()
    store.take()
    store.finish("E1", run)
    store.redis("DEL", "@r:" + run)
    assert store.cancel(run, old=b"q") == "missing"


def test_a_cancelled_run_rings_for_those_who_wait(store: Store) -> None:
    run = store.submit_one()
    store.link.execute(store.calls.watch_runs([run]))
    store.rings()
    store.cancel(run)
    assert store.rings() == [f"done|{run}"]


def test_a_queue_is_purged_by_reading_and_cancelling(store: Store) -> None:
    store.submit(30, queue="bulk")
    store.submit(5, queue="bulk", due_ms=store.now_ms + 1000)
    keep = store.submit_one(queue="keep")
    while rows := store.link.execute(store.calls.list_queued(8, "bulk")):
        assert {store.cancel(row.id, row.record) for row in rows} == {"ok"}
    assert store.waiting() == [keep]
    assert store.link.execute(store.calls.tally()) == {"c": 35}
