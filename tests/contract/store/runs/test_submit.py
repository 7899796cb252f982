"""Submitting: what is new becomes a run, what exists stays as it is."""

import msgpack
import pytest

from rtd.common.ids import new_id, new_ids
from rtd.store.commands import keys
from rtd.store.commands.arguments import Submission
from tests.contract.store.harness import NODE, Store


def test_a_run_waits_in_its_place_with_its_record(store: Store) -> None:
    run = store.submit_one(queue="mail", priority=3)
    assert store.flags == [1]
    assert store.state(run) == "q"
    (row,) = store.link.execute(store.calls.list_queued(10))
    assert (row.id, row.where, row.place_item) == (run, "queue", f"process|mail|3|{run}")


def test_a_submit_that_is_sent_again_is_the_same_submit(store: Store) -> None:
    ids = store.submit(3)
    store.submit(ids=ids)
    assert store.flags == [0, 0, 0]
    assert store.waiting() == ids


def test_a_submit_of_a_run_that_is_over_does_not_bring_it_back(store: Store) -> None:
    run = store.submit_one()
    store.take()
    assert store.finish("E1", run) == []
    store.submit(ids=[run])
    assert (store.flags, store.state(run), store.take()) == ([0], "s", [])


def test_known_and_new_runs_mix_in_one_call(store: Store) -> None:
    old = store.submit(2)
    new = new_ids(2)
    store.submit(ids=[old[0], new[0], old[1], new[1]])
    assert store.flags == [0, 1, 0, 1]
    assert store.waiting() == [*old, *new]


def test_an_id_twice_in_one_call_is_one_run(store: Store) -> None:
    run = new_id()
    store.submit(ids=[run, run])
    assert store.flags == [1, 0]
    assert store.waiting() == [run]


def test_a_thousand_runs_fit_in_one_call_and_one_more_is_refused(store: Store) -> None:
    ids = store.submit(1000, mc=2000, due_ms=0, expires_ms=store.now_ms + 10)
    assert store.waiting() == ids
    runs = [Submission(i, b"q", i) for i in new_ids(1001)]
    with pytest.raises(ValueError, match="1001 runs in one call; at most 1000"):
        store.calls.submit(NODE, "process|default|0", "job", 0, runs)


def test_nothing_submitted_is_nothing_done(store: Store) -> None:
    assert store.submit(0) == []
    assert store.rings() == []


def test_one_event_tells_of_all_runs_of_a_call(store: Store) -> None:
    ids = store.submit(3, task="report")
    store.submit(ids=ids, task="report")
    ((_, packed),) = store.link.execute(store.calls.newest_events(9)).own
    assert msgpack.unpackb(packed) == [
        [store.now_ms / 1000, ids[0], "report", "submitted", "queued", 3]
    ]


def test_a_queue_is_known_once_it_was_used(store: Store) -> None:
    store.submit(2, queue="mail")
    store.take()
    (row,) = store.link.execute(store.calls.queue_table())
    assert (row.queue, row.priority, row.paused, row.queued) == ("mail", 0, False, 0)


@pytest.mark.parametrize(("lane", "queue"), [("", "q"), ("l", ""), ("l|x", "q"), ("l", "q|x")])
def test_a_place_refuses_names_that_would_not_come_apart_again(lane: str, queue: str) -> None:
    with pytest.raises(ValueError, match="must not be empty or hold"):
        keys.place(lane, queue, 0)


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        keys.item(new_id(), 0, "job")


@pytest.mark.parametrize("name", ["", "a{b", "a}b"])
def test_a_namespace_that_would_break_the_hash_tag_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="namespace"):
        keys.prefix(name)


def test_namespaces_do_not_meet(store: Store) -> None:
    store.submit(2)
    other = Store(store.link)
    other.calls = type(store.calls)("elsewhere")
    assert other.take() == []
    assert other.waiting() == []
