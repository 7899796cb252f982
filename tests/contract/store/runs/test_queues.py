"""Pausing and resuming, and what the tables say."""

from tests.contract.store.harness import NODE, Store


def test_a_paused_queue_gives_nothing_until_it_is_resumed(store: Store) -> None:
    ids = store.submit(2, queue="a")
    other = store.submit_one(queue="b")
    assert store.link.execute(store.calls.pause(NODE, "a")) == 1
    assert store.take() == [other]
    ids += store.submit(1, queue="a")
    assert store.take() == []
    assert store.link.execute(store.calls.resume(NODE, "a")) == 1
    assert store.take() == ids


def test_to_pause_or_resume_twice_says_so(store: Store) -> None:
    assert store.link.execute(store.calls.resume(NODE, "a")) == 0
    assert store.link.execute(store.calls.pause(NODE, "a")) == 1
    assert store.link.execute(store.calls.pause(NODE, "a")) == 0
    assert store.link.execute(store.calls.resume(NODE, "a")) == 1


def test_a_paused_queue_wakes_no_executor_and_a_resumed_one_does(store: Store) -> None:
    store.link.execute(store.calls.pause(NODE, "a"))
    store.take()
    run = store.submit_one(queue="a")
    assert (store.bell("E1"), store.rings()) == ([], [])
    store.link.execute(store.calls.resume(NODE, "a"))
    assert store.bell("E1") == [None]
    assert store.take() == [run]


def test_a_resumed_queue_without_idle_executors_rings_for_some(store: Store) -> None:
    store.link.execute(store.calls.pause(NODE, "a"))
    store.submit(3, queue="a")
    assert store.rings() == []
    store.link.execute(store.calls.resume(NODE, "a"))
    assert store.rings() == ["demand|process"]


def test_a_retry_into_a_paused_queue_waits_there(store: Store) -> None:
    run = store.submit_one(queue="a")
    store.take()
    store.link.execute(store.calls.pause(NODE, "a"))
    store.finish("E1", store.outcome(run, "a"))
    assert store.take() == []
    assert store.waiting(queue="a") == [run]


def test_a_priority_set_while_paused_counts_afterwards(store: Store) -> None:
    low = store.submit_one(queue="a")
    high = store.submit_one(queue="b", priority=5)
    store.link.execute(store.calls.pause(NODE, "a"))
    store.link.execute(store.calls.set_queue_priority("a", 9))
    store.link.execute(store.calls.resume(NODE, "a"))
    assert store.take() == [low, high]


def test_the_queue_table_counts_what_waits_and_how(store: Store) -> None:
    store.link.execute(store.calls.set_queue_priority("vip", 2))
    store.submit(3, queue="vip")
    store.submit(2, queue="a", due_ms=store.now_ms + 1000)
    store.submit(3, queue="b", mc=1, priority=900)
    store.take(n=1)
    store.take("E2", n=10)
    store.submit(1, queue="p")
    store.link.execute(store.calls.pause(NODE, "p"))
    assert store.link.execute(store.calls.queue_table()) == [
        ("vip", 2, False, 0, 0, 0),
        ("a", 0, False, 0, 2, 0),
        ("b", 0, False, 0, 0, 2),
        ("p", 0, True, 1, 0, 0),
    ]


def test_waiting_runs_are_listed_in_the_order_of_taking(store: Store) -> None:
    low = store.submit(2)
    high = store.submit(2, priority=1)
    parked = store.submit(1, queue="p", priority=500)
    store.link.execute(store.calls.pause(NODE, "p"))
    assert store.waiting() == [*high, *low, *parked]
    rows = store.link.execute(store.calls.list_queued(3))
    assert [row.id for row in rows] == [*high, low[0]]


def test_the_load_of_a_lane_counts_what_could_start(store: Store) -> None:
    store.take("E1")
    store.take("E2")
    store.take("T1", lane="thread")
    store.link.execute(store.calls.retire("E2"))
    store.submit(5)
    store.submit(1, queue="p")
    store.link.execute(store.calls.pause(NODE, "p"))
    store.submit(1, due_ms=store.now_ms + 1000)
    load = store.link.execute(store.calls.lane_load("process", NODE))
    assert load == (4, 1, 0)  # one was handed off, one executor retires
    store.bell("E1")
