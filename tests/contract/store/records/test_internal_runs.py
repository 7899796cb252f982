"""Runs of rtd's own: they are carried out like others, and no list ever shows them."""

from tests.contract.store.harness import NODE, Store


def submit_inner(store: Store) -> str:
    """A run of rtd's own, queued."""
    return store.submit_one(task="@cycle", lane="main", queue="@rtd", priority=10**9)


def test_it_waits_before_all_others_and_is_shown_nowhere(store: Store) -> None:
    other = store.submit_one(lane="main", priority=100)
    own = submit_inner(store)
    assert store.waiting() == [other]
    assert [row.queue for row in store.link.execute(store.calls.queue_table())] == ["default"]
    assert store.take(lane="main") == [own, other]
    assert [lease.id for lease in store.link.execute(store.calls.list_running())] == [other]


def test_its_end_rings_its_submitter_and_leaves_nothing_but_a_record_for_a_minute(
    store: Store,
) -> None:
    own, other = submit_inner(store), store.submit_one(lane="main")
    store.take(lane="main")
    store.rings()
    assert store.finish("E1", own, other) == []
    assert store.rings() == [f"inner|{own}"]
    assert store.state(own) == "s"
    assert 0 < store.redis("PTTL", "@r:" + own) <= 60_000
    assert store.link.execute(store.calls.tally()) == {"s": 1}
    assert [run.id for run in store.link.execute(store.calls.list_done(10))] == [other]
    assert store.link.execute(store.calls.tasks_done()) == ["job"]
    assert store.redis("EXISTS", "@inner") == 0
    assert store.link.execute(store.calls.forget_internal_run(own)) == 1


def test_a_run_of_a_dead_executor_is_settled_and_rings_too(store: Store) -> None:
    own = submit_inner(store)
    store.take(lane="main")
    store.fence("E1")
    store.rings()
    assert store.settle("E1", store.outcome(own, state="l")) == []
    assert store.rings() == [f"inner|{own}"]


def test_one_that_is_withdrawn_is_gone(store: Store) -> None:
    own = submit_inner(store)
    assert store.cancel(own) == "ok"
    assert store.take(lane="main") == []
    assert store.link.execute(store.calls.tally()) == {}
    assert store.redis("LLEN", "@bell:node:" + NODE) >= 1
