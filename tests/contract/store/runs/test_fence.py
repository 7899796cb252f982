"""Dead executors: fenced, settled, and never heard again."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from rtd.store.connection.blocking import RedisConnection
from rtd.store.connection.command import RedisCommand
from tests.contract.store.harness import NODE, Store


def test_a_fenced_executor_gives_up_all_its_leases(store: Store) -> None:
    ids = store.submit(3)
    store.take()
    assert store.fence("E1") == ids
    assert store.link.execute(store.calls.list_fenced()) == ["E1"]
    assert store.link.execute(store.calls.list_executors()) == []


def test_what_was_handed_to_a_dead_executor_is_queued_again(store: Store) -> None:
    """It has not begun: nobody took it from the bell."""
    begun = store.submit_one()
    store.take()
    store.ask()  # idle, with a run: as a lane of several runs is
    handed, waiting = store.submit(2)
    assert store.fence("E1") == [begun]
    assert store.waiting() == [handed, waiting]
    assert store.take("E2") == [handed, waiting]


def test_all_commands_of_a_fenced_executor_are_refused(store: Store) -> None:
    run, other = store.submit(2)
    store.take(n=1)
    store.fence("E1")
    assert store.ask(enroll=False).what == "fenced"
    assert store.ask(enroll=True).what == "fenced"
    assert store.finish("E1", run) == [run]
    assert store.giveback("E1", run) == [run]
    assert store.mine("E1") == []
    assert store.link.execute(store.calls.set_progress("E1", run, b"x")) is False
    assert store.state(run) == "q"
    assert store.waiting() == [other]


def test_one_that_was_fenced_before_it_enrolled_stays_out(store: Store) -> None:
    store.submit(1)
    assert store.fence("E1") == []
    assert store.ask(enroll=True).what == "fenced"


def test_to_fence_again_gives_what_is_not_settled_yet(store: Store) -> None:
    ids = store.submit(3)
    store.take()
    store.fence("E1")
    assert store.settle("E1", store.outcome(ids[0], state="l")) == []
    assert store.fence("E1") == ids[1:]
    assert store.settle("E1", *ids[1:]) == []
    assert store.fence("E1") == []
    assert store.link.execute(store.calls.list_fenced()) == []


def test_settled_runs_are_written_put_back_or_tried_again(store: Store) -> None:
    lost, unstarted, retry, waiting = store.submit(4)
    store.take(n=3)
    store.fence("E1")
    refused = store.settle(
        "E1",
        store.outcome(lost, state="l"),
        store.outcome(unstarted, "h"),
        store.outcome(retry, "a"),
    )
    assert refused == []
    assert store.state(lost) == "l"
    assert store.waiting() == [unstarted, waiting, retry]


def test_runs_put_back_keep_their_order_at_the_head(store: Store) -> None:
    ids = store.submit(6)
    store.take(n=4)
    store.fence("E1")
    store.settle("E1", *[store.outcome(run, "h") for run in ids[:4]])
    assert store.waiting() == ids


def test_a_run_is_settled_once(store: Store) -> None:
    run = store.submit_one()
    store.take()
    store.fence("E1")
    assert store.settle("E1", store.outcome(run, state="l")) == []
    assert store.settle("E1", store.outcome(run, state="t")) == [run]
    assert store.state(run) == "l"


def test_a_living_executor_cannot_be_settled_over(store: Store) -> None:
    run = store.submit_one()
    store.take()
    assert store.settle("E1", run) == [run]
    assert store.finish("E1", run) == []


def test_a_wake_up_that_died_with_its_executor_is_passed_on(store: Store) -> None:
    store.take("E1")
    store.take("E2")
    store.submit(1, mc=5)  # woken, not handed off
    woken = "E1" if store.redis("EXISTS", "@bell:E1") else "E2"
    other = "E2" if woken == "E1" else "E1"
    store.fence(woken)
    assert store.bell(other) == [None]
    assert len(store.take(other)) == 1


def test_a_wake_up_of_one_that_retires_is_passed_on(store: Store) -> None:
    store.take("E1")
    store.submit(1, mc=5)
    store.rings()
    store.link.execute(store.calls.retire("E1"))
    assert store.ask("E1").what == "retire"
    assert store.rings() == ["demand|process"]


def race(store: Store, exec_id: str, ids: list[str]) -> tuple[list[str], list[str]]:
    """Finishes ten runs, takes more and fences, on three sockets at once.

    Gives the ids that finish refused, and the leases that fence found.
    """
    start = threading.Barrier(3)
    done = [store.outcome(run) for run in ids]
    calls = [
        store.calls.finish(NODE, exec_id, store.now_ms, b"", 10_000, done),
        store.calls.take(NODE, exec_id, "process", 10, store.now_ms),
        store.calls.fence(NODE, exec_id),
    ]

    def send(call: RedisCommand) -> Any:
        with RedisConnection.connect(store.link.url) as link:
            start.wait()
            return link.execute(call)

    with ThreadPoolExecutor(3) as pool:
        refused, _, orphans = pool.map(send, calls)
    return refused, [orphan.id for orphan in orphans]


def test_late_commands_on_three_sockets_never_break_the_books(store: Store) -> None:
    """An executor's own commands race with its fencing; in every order all adds up."""
    for number in range(60):
        exec_id = f"X{number}"
        ids = store.submit(20)
        store.take(exec_id, 10)
        refused, orphans = race(store, exec_id, ids[:10])
        # All ten were written by the executor, or all ten are there to be settled.
        assert refused == ([] if store.state(ids[0]) == "s" else ids[:10])
        assert orphans == store.fence(exec_id)
        assert store.settle(exec_id, *[store.outcome(run, "h") for run in orphans]) == []
        left = store.take("sweeper", 100)
        assert store.finish("sweeper", *left) == []
        assert {store.state(run) for run in ids} == {"s"}
    assert store.link.execute(store.calls.tally()) == {"s": 1200}
