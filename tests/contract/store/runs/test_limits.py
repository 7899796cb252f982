"""Limits of a task: never more at once than allowed, never fewer than possible."""

import threading

import pytest

from rtd.common.ids import new_ids
from rtd.store.commands import keys
from rtd.store.commands.schedule_records import FiredOccurrence
from rtd.store.connection.blocking import RedisConnection
from tests.contract.store.harness import NODE, Store


def test_no_more_than_the_limit_run_and_the_rest_is_held_in_order(store: Store) -> None:
    ids = store.submit(5, mc=2)
    assert store.take("E1", 5) == ids[:2]
    assert store.waiting("held") == ids[2:]
    assert store.take("E2", 5) == []


def test_a_run_that_ends_lets_the_next_one_in(store: Store) -> None:
    ids = store.submit(4, mc=1)
    taken = []
    for _ in range(4):
        (run,) = store.take("E1", 4)
        taken.append(run)
        store.finish("E1", run)
    assert taken == ids


def test_several_that_end_at_once_let_as_many_in_in_their_order(store: Store) -> None:
    ids = store.submit(6, mc=3)
    store.take("E1", 6)
    store.finish("E1", *ids[:3])
    assert store.waiting() == ids[3:]
    assert store.take("E1", 6) == ids[3:]


def test_the_next_one_goes_before_what_came_later(store: Store) -> None:
    first, second = store.submit(2, mc=1)
    store.take("E1", 2)
    third = store.submit_one(mc=1)
    plain = store.submit_one(task="plain")
    store.finish("E1", first)
    assert store.take("E1", 5) == [second, plain]
    assert store.waiting("held") == [third]


def test_a_retry_makes_room_until_it_is_due(store: Store) -> None:
    first, second = store.submit(2, mc=1)
    store.take("E1")
    store.finish("E1", store.outcome(first, "a", due_ms=store.now_ms + 100))
    assert store.take("E1") == [second]
    store.pass_ms(100)
    assert store.take("E2") == []
    store.finish("E1", second)
    assert store.take("E2") == [first]


def test_a_dead_executor_makes_room_when_it_is_settled(store: Store) -> None:
    first, second = store.submit(2, mc=1)
    store.take("E1")
    store.fence("E1")
    assert store.take("E2") == []
    store.settle("E1", store.outcome(first, state="l"))
    assert store.take("E2") == [second]


def test_an_idle_executor_is_woken_for_a_run_that_was_held(store: Store) -> None:
    first, second = store.submit(2, mc=1)
    store.take("E1")
    store.ask("E2")
    store.finish("E1", first)
    assert store.bell("E2") == [None]
    assert store.take("E2") == [second]


def test_a_limited_run_is_not_handed_off_beside_a_free_one_either(store: Store) -> None:
    store.ask("E1")
    store.ask("E2")
    free, limited = new_ids(2)
    place, due = keys.place("process", "default", 0), store.now_ms * 1000
    firings = [
        FiredOccurrence("plain", due, due, free, b"q:1", free, 0, "ran||"),
        FiredOccurrence(
            "tight", due, due, limited, b"q:2", keys.item(limited, 1, "tight"), 0, "ran||"
        ),
    ]
    store.link.execute(store.calls.fire(NODE, place, store.now_ms, 10, due, firings))
    assert store.waiting() == [limited]
    handed = "E1" if store.mine("E1") else "E2"
    assert store.mine(handed) == [free]


def test_a_cancelled_run_passes_its_turn_on(store: Store) -> None:
    first, second, third = store.submit(3, mc=1)
    store.take("E1", 3)
    store.finish("E1", first)  # the second is in turn now
    assert store.cancel(second) == "ok"
    assert store.take("E1") == [third]


def test_a_paused_queue_does_not_keep_its_turn(store: Store) -> None:
    first = store.submit_one(mc=1, priority=2)
    paused = store.submit_one(mc=1, queue="slow", priority=1)
    other = store.submit_one(mc=1)
    assert store.take("E1", 5) == [first]
    store.link.execute(store.calls.pause(NODE, "slow"))
    store.finish("E1", first)
    assert store.take("E1") == [other]
    store.finish("E1", other)
    store.link.execute(store.calls.resume(NODE, "slow"))
    assert store.take("E1") == [paused]


def test_a_queue_paused_while_it_has_the_turn_passes_it_on(store: Store) -> None:
    first = store.submit_one(mc=1, priority=2)
    slow = store.submit_one(mc=1, queue="slow", priority=1)
    other = store.submit_one(mc=1)
    assert store.take("E1", 5) == [first]
    store.finish("E1", first)
    assert store.waiting() == [slow]
    store.link.execute(store.calls.pause(NODE, "slow"))
    assert store.take("E1") == [other]


def test_a_run_back_in_a_paused_queue_passes_its_turn_on(store: Store) -> None:
    first = store.submit_one(mc=1, queue="slow", priority=1)
    other = store.submit_one(mc=1)
    assert store.take("E1", 1) == [first]
    assert store.take("E2", 1) == []
    store.link.execute(store.calls.pause(NODE, "slow"))
    store.giveback("E1", first)
    assert store.take("E2", 1) == [other]


def test_a_lower_limit_of_a_later_submit_holds_for_that_run(store: Store) -> None:
    wide = store.submit(3, mc=3)
    narrow = store.submit_one(mc=1)
    assert store.take("E1", 10) == wide
    store.finish("E1", *wide[:2])
    assert store.take("E1") == []
    store.finish("E1", wide[2])
    assert store.take("E1") == [narrow]


def test_a_long_queue_of_held_runs_is_gone_through_in_pieces(store: Store) -> None:
    blocker = store.submit_one(mc=1)
    assert store.take("E1") == [blocker]
    for _ in range(3):
        store.submit(1000, mc=1)
    plain = store.submit_one(task="plain")
    answers = [store.ask("E1", 100)]
    while answers[-1].what == "runs" and not answers[-1].runs:
        answers.append(store.ask("E1", 100))
    assert [run.id for run in answers[-1].runs] == [plain]
    assert len(answers) in (3, 4)


@pytest.mark.parametrize("limit", [1, 3])
def test_many_takers_never_exceed_a_limit(store: Store, limit: int) -> None:
    ids = store.submit(300, mc=limit)
    lock = threading.Lock()
    running = 0
    most = 0
    done: list[str] = []

    def work(exec_id: str) -> None:
        nonlocal running, most
        with RedisConnection.connect(store.link.url) as link:
            while len(done) < len(ids):
                call = store.calls.take(NODE, exec_id, "process", 2, store.now_ms, enroll=True)
                runs = [run.id for run in link.execute(call).runs]
                with lock:
                    running += len(runs)
                    most = max(most, running)
                if not runs:
                    link.blpop_start(store.calls.bell_key(exec_id), 0.02)
                    link.blpop_poll(1.0)
                    continue
                with lock:
                    running -= len(runs)
                    done.extend(runs)
                outcomes = [store.outcome(run) for run in runs]
                call = store.calls.finish(NODE, exec_id, store.now_ms, b"", 1000, outcomes)
                assert link.execute(call) == []

    threads = [threading.Thread(target=work, args=(f"E{i}",)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == ids
    assert 1 <= most <= limit
