"""Taking: the best runs first, each of them once, and only by those who may."""

import pytest

from rtd.store.commands.arguments import TakeReply
from rtd.store.connection.command import RedisCommand
from tests.contract.store.harness import NODE, Store


def test_runs_come_first_in_first_out(store: Store) -> None:
    ids = store.submit(5) + store.submit(3)
    assert store.take(n=4) + store.take(n=100) == ids


def test_taken_runs_are_leased_to_their_executor(store: Store) -> None:
    first, second = store.submit(2)
    assert store.take("E1", 1) == [first]
    assert store.take("E2", 1) == [second]
    assert (store.mine("E1"), store.mine("E2")) == ([first], [second])
    rows = store.link.execute(store.calls.list_running())
    assert sorted((row.exec, row.id) for row in rows) == [("E1", first), ("E2", second)]


def test_higher_priority_goes_first_within_a_queue(store: Store) -> None:
    low, high, middle = (store.submit_one(priority=p) for p in (-5, 10, 0))
    assert store.take() == [high, middle, low]


def test_a_queue_of_higher_priority_goes_before_any_run_of_a_lower_one(store: Store) -> None:
    urgent = store.submit_one(queue="plain", priority=99)
    store.link.execute(store.calls.set_queue_priority("vip", 1))
    vip = store.submit_one(queue="vip", priority=-99)
    assert store.take() == [vip, urgent]


def test_a_queue_priority_counts_for_what_waits_already(store: Store) -> None:
    first = store.submit_one(queue="a")
    second = store.submit_one(queue="b", priority=1)
    store.link.execute(store.calls.set_queue_priority("a", 3))
    assert store.take() == [first, second]


def test_queues_of_equal_rank_take_turns(store: Store) -> None:
    for queue in ("a", "b", "c"):
        store.submit(20, queue=queue)
    taken = [store.take(n=1)[0] for _ in range(30)]
    queues = [store.spots[run][0].split("|")[1] for run in taken]
    assert {queue: queues.count(queue) for queue in "abc"} == {"a": 10, "b": 10, "c": 10}


def test_one_take_gathers_from_several_places(store: Store) -> None:
    ids = store.submit(3, priority=2) + store.submit(3, priority=1)
    assert store.take(n=5) == ids[:5]


def test_lanes_do_not_meet(store: Store) -> None:
    run = store.submit_one(lane="thread")
    assert store.take(lane="process") == []
    assert store.take("E2", lane="thread") == [run]


def test_an_executor_that_did_not_enroll_is_refused(store: Store) -> None:
    store.submit(1)
    assert store.ask(enroll=False).what == "fenced"
    assert len(store.ask(enroll=True).runs) == 1


def test_to_enroll_twice_is_harmless(store: Store) -> None:
    store.submit(2)
    assert len(store.ask(n=1, enroll=True).runs) == 1
    assert len(store.ask(n=1, enroll=True).runs) == 1
    (row,) = store.link.execute(store.calls.list_executors())
    assert row == ("E1", "process", NODE, True)


def test_an_executor_that_finds_nothing_is_idle_and_hears_when_more_is_due(store: Store) -> None:
    assert store.ask() == TakeReply("idle", [], None)
    store.submit(1, due_ms=store.now_ms + 5000)
    assert store.ask() == TakeReply("idle", [], store.now_ms + 5000)
    assert store.link.execute(store.calls.lane_load("process", NODE)) == (0, 1, 1)


def test_a_retired_executor_takes_no_more_and_stays_retired(store: Store) -> None:
    run, _ = store.submit(2)
    assert store.take(n=1) == [run]
    assert store.link.execute(store.calls.retire("E1")) == 1
    assert store.finish("E1", run) == []
    assert store.ask().what == "retire"
    assert store.ask(enroll=True).what == "retire"
    assert store.link.execute(store.calls.list_executors())[0].active is False


def test_retiring_an_unknown_executor_says_so(store: Store) -> None:
    assert store.link.execute(store.calls.retire("E9")) == 0


def test_an_item_without_a_record_is_passed_over(store: Store) -> None:
    gone, run = store.submit(2)
    store.redis("DEL", "@r:" + gone)
    assert store.take(n=1) == [run]


@pytest.mark.parametrize("n", [1, 7, 64, 256, 1000])
def test_batches_of_every_size_empty_a_queue_exactly(store: Store, n: int) -> None:
    ids = store.submit(1000)
    taken: list[str] = []
    while runs := store.take(n=n):
        taken += runs
        assert store.finish("E1", *runs) == []
    assert taken == ids


def test_records_pass_through_unharmed(store: Store) -> None:
    blob = b"q" + bytes(range(256)) * 100
    run = store.submit_one()
    store.link.execute(RedisCommand(("SET", f"{store.calls.prefix}r:{run}", blob)))
    assert store.ask().runs[0].record == blob
