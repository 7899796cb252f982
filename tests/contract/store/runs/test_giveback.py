"""Giving back: what was taken and not started is as if it had never been taken."""

from tests.contract.store.harness import Store


def test_runs_given_back_are_next_in_their_old_order(store: Store) -> None:
    ids = store.submit(6)
    store.take(n=4)
    assert store.giveback("E1", *ids[1:4]) == []
    assert store.waiting() == ids[1:]
    assert store.mine("E1") == ids[:1]


def test_each_goes_back_to_its_own_place(store: Store) -> None:
    high = store.submit(2, priority=5)
    low = store.submit(2, queue="other")
    store.take()
    assert store.giveback("E1", *high, *low) == []
    assert store.waiting(queue="other") == low
    assert store.take() == [*high, *low]


def test_runs_of_another_executor_are_refused_and_the_rest_goes_back(store: Store) -> None:
    first, second = store.submit(2)
    store.take("E1", 1)
    store.take("E2", 1)
    assert store.giveback("E1", first, second, first) == [second, first]
    assert store.waiting() == [first]
    assert store.giveback("E1") == []


def test_runs_given_back_wake_another_executor(store: Store) -> None:
    run = store.submit_one()
    store.take("E1")
    assert store.ask("E2").what == "idle"
    store.giveback("E1", run)
    assert store.bell("E2") == [None]
    assert store.take("E2") == [run]


def test_a_limited_run_given_back_frees_its_place(store: Store) -> None:
    first, second = store.submit(2, mc=1)
    assert store.take("E1") == [first]
    store.giveback("E1", first)
    assert store.take("E2") == [first]
    store.finish("E2", first)
    assert store.take("E2") == [second]
