"""Runs for later, and runs that are too late."""

from tests.contract.store.harness import NODE, Store


def test_a_delayed_run_is_taken_when_it_is_due_and_not_before(store: Store) -> None:
    run = store.submit_one(due_ms=store.now_ms + 1000)
    store.pass_ms(999)
    assert store.take() == []
    store.pass_ms(1)
    assert store.take() == [run]


def test_a_due_time_in_the_past_is_now(store: Store) -> None:
    run = store.submit_one(due_ms=store.now_ms - 1)
    assert store.waiting() == [run]


def test_the_supervisor_hears_of_the_earliest_due_time_only(store: Store) -> None:
    store.submit(1, due_ms=store.now_ms + 1000)
    store.submit(1, due_ms=store.now_ms + 2000)
    store.submit(1, due_ms=store.now_ms + 500)
    assert store.rings() == [f"due|{store.now_ms + 1000}", f"due|{store.now_ms + 500}"]
    assert store.link.execute(store.calls.next_due()) == store.now_ms + 500


def test_promoting_queues_what_is_due_and_tells_when_the_next_is(store: Store) -> None:
    late = store.submit_one(due_ms=store.now_ms + 200)
    early = store.submit_one(due_ms=store.now_ms + 100, priority=-1)
    rest = store.submit_one(due_ms=store.now_ms + 300)
    store.rings()
    assert store.link.execute(store.calls.promote(NODE, store.pass_ms(200))) == store.now_ms + 100
    assert sorted(store.waiting()) == sorted([late, early])
    assert store.waiting("delayed") == [rest]
    assert store.rings() == ["demand|process"]
    assert store.link.execute(store.calls.promote(NODE, store.pass_ms(100))) is None
    assert store.link.execute(store.calls.next_due()) is None


def test_runs_promoted_together_keep_the_order_of_their_times(store: Store) -> None:
    ids = [store.submit_one(due_ms=store.now_ms + 100 - i) for i in range(10)]
    store.pass_ms(100)
    store.link.execute(store.calls.promote(NODE, store.now_ms))
    assert store.waiting() == ids[::-1]


def test_promoting_wakes_an_idle_executor(store: Store) -> None:
    store.submit(1, due_ms=store.now_ms + 100)
    store.take()
    store.link.execute(store.calls.promote(NODE, store.pass_ms(100)))
    assert store.bell("E1") == [None]


def test_many_due_runs_are_promoted_in_rounds(store: Store) -> None:
    for _ in range(2):
        store.submit(1000, due_ms=store.now_ms + 1)
    store.pass_ms(1)
    assert store.link.execute(store.calls.promote(NODE, store.now_ms)) == store.now_ms
    assert len(store.waiting()) == 1000
    assert store.link.execute(store.calls.promote(NODE, store.now_ms)) is None
    assert len(store.waiting()) == 2000


def test_a_delayed_run_of_a_paused_queue_waits_on(store: Store) -> None:
    run = store.submit_one(due_ms=store.now_ms + 100)
    store.link.execute(store.calls.pause(NODE, "default"))
    store.pass_ms(100)
    assert store.take() == []
    store.link.execute(store.calls.resume(NODE, "default"))
    assert store.take() == [run]


def test_expired_runs_are_found_until_they_are_cancelled(store: Store) -> None:
    run = store.submit_one(expires_ms=store.now_ms + 100)
    later = store.submit_one(expires_ms=store.now_ms + 300)
    assert store.rings() == [f"expire|{store.now_ms + 100}", "demand|process"]
    assert store.link.execute(store.calls.list_expired(store.now_ms + 99)) == (
        store.now_ms + 100,
        [],
    )
    store.pass_ms(100)
    for _ in range(2):
        due, found = store.link.execute(store.calls.list_expired(store.now_ms))
        assert (due, [f.id for f in found]) == (store.now_ms + 200, [run])
    assert store.cancel(run) == "ok"
    assert store.link.execute(store.calls.list_expired(store.now_ms)) == (store.now_ms + 200, [])
    assert store.waiting() == [later]


def test_a_run_that_was_taken_in_time_does_not_expire(store: Store) -> None:
    run = store.submit_one(expires_ms=store.now_ms + 100)
    store.take()
    store.pass_ms(100)
    _, found = store.link.execute(store.calls.list_expired(store.now_ms))
    assert [store.cancel(f.id) for f in found] == ["leased"]
    assert store.link.execute(store.calls.list_expired(store.now_ms)) == (None, [])
    assert store.finish("E1", run) == []


def test_a_run_that_ended_in_time_is_forgotten(store: Store) -> None:
    run = store.submit_one(expires_ms=store.now_ms + 100)
    store.take()
    store.finish("E1", run)
    assert store.link.execute(store.calls.list_expired(store.now_ms + 100)) == (None, [])
    assert store.redis("EXISTS", "@expiring") == 0


def test_a_delayed_run_can_expire_before_it_is_due(store: Store) -> None:
    run = store.submit_one(due_ms=store.now_ms + 500, expires_ms=store.now_ms + 100)
    _, found = store.link.execute(store.calls.list_expired(store.now_ms + 100))
    assert [f.id for f in found] == [run]
    assert store.cancel(run) == "ok"
    assert store.waiting("delayed") == []


def test_more_expired_runs_than_asked_for_come_later(store: Store) -> None:
    ids = store.submit(5, expires_ms=store.now_ms + 1)
    due, found = store.link.execute(store.calls.list_expired(store.now_ms + 1, 3))
    assert (due, len(found)) == (store.now_ms + 1, 3)
    assert {f.id for f in found} < set(ids)
