"""Finishing: an outcome is written once, by the one that holds the run."""

import msgpack
import pytest

from rtd.store.events.event_commands import StreamPlace
from tests.contract.store.harness import NODE, Store, keyed_id


def test_a_finished_run_keeps_its_record_until_it_is_forgotten(store: Store) -> None:
    run = store.submit_one()
    store.take()
    outcome = store.outcome(run)
    assert store.finish("E1", outcome) == []
    assert store.record(run) == outcome.record
    assert store.link.execute(store.calls.tasks_done()) == ["job"]
    (oldest,) = store.link.execute(store.calls.oldest_done("job", 10))
    assert oldest.id == run
    assert store.link.execute(store.calls.forget(NODE, "job", 1, "another")) == 0
    assert store.link.execute(store.calls.forget(NODE, "job", 1, run)) == 1
    assert store.link.execute(store.calls.tasks_done()) == []
    assert store.link.execute(store.calls.get_record(run)) is None
    assert store.mine("E1") == []


def test_one_finished_run_is_forgotten_wherever_it_stands(store: Store) -> None:
    first, second, third = store.submit(3)
    store.take()
    forget = store.calls.forget_run
    assert store.link.execute(forget("job", second)) == 0  # it has not finished
    over = b"s" + msgpack.packb([b"", [], None])
    store.finish(
        "E1", *(store.outcome(run)._replace(record=over) for run in (first, second, third))
    )
    assert store.link.execute(forget("job", second)) == 1
    assert store.link.execute(forget("job", second)) == 0
    assert store.redis("LRANGE", "@done:job", 0, -1) == [third.encode(), first.encode()]
    for run in (first, third):
        assert store.link.execute(forget("job", run)) == 1
    assert store.redis("SMEMBERS", "@ended") == []


def test_an_unfinished_run_never_expires(store: Store) -> None:
    run = store.submit_one()
    assert store.redis("TTL", "@r:" + run) == -1
    store.take()
    store.finish("E1", store.outcome(run, "a"))
    assert store.redis("TTL", "@r:" + run) == -1


def test_a_second_finish_is_refused_and_changes_nothing(store: Store) -> None:
    run = store.submit_one()
    store.take()
    first = store.outcome(run)
    assert store.finish("E1", first) == []
    assert store.finish("E1", store.outcome(run, state="x")) == [run]
    assert store.record(run) == first.record
    assert store.link.execute(store.calls.tally()) == {"s": 1}


def test_one_refused_id_keeps_the_whole_call_from_happening(store: Store) -> None:
    mine, other = store.submit(2)
    store.take("E1", 1)
    store.take("E2", 1)
    assert store.finish("E1", mine, other) == [other]
    assert store.state(mine) == "q"
    assert store.finish("E1", mine) == []


def test_an_id_twice_in_one_call_is_refused(store: Store) -> None:
    run = store.submit_one()
    store.take()
    assert store.finish("E1", run, run) == [run]
    assert store.state(run) == "q"


def test_a_retry_waits_at_the_tail_or_until_it_is_due(store: Store) -> None:
    now, later, other = store.submit(3)
    store.take(n=2)
    due = store.now_ms + 500
    store.finish("E1", store.outcome(now, "a"), store.outcome(later, "a", due_ms=due))
    assert store.waiting() == [other, now]
    assert store.waiting("delayed") == [later]
    store.pass_ms(499)
    assert store.take() == [other, now]
    store.pass_ms(1)
    assert store.take() == [later]


def test_a_run_may_be_retried_and_finished_by_another(store: Store) -> None:
    run = store.submit_one()
    store.take("E1")
    store.finish("E1", store.outcome(run, "a"))
    assert store.take("E2") == [run]
    assert store.finish("E1", run) == [run]
    assert store.finish("E2", run) == []


def test_a_thousand_outcomes_fit_in_one_call(store: Store) -> None:
    ids = store.submit(1000)
    store.take(n=1000)
    assert store.finish("E1", *ids) == []
    assert {store.state(run) for run in ids} == {"s"}
    with pytest.raises(ValueError, match="at most 1000"):
        store.finish("E1", *ids, ids[0])


def test_counts_and_lists_of_the_finished_are_kept_by_task_and_state(store: Store) -> None:
    good = store.submit(2, task="a")
    bad = store.submit(1, task="b")
    store.take()
    store.finish("E1", *good, store.outcome(bad[0], state="x"))
    read = store.link.execute
    assert read(store.calls.tally()) == {"s": 2, "x": 1}
    assert read(store.calls.tally("b")) == {"x": 1}
    assert [run.id for run in read(store.calls.list_done(10))] == [bad[0], good[1], good[0]]
    assert [run.id for run in read(store.calls.list_done(10, task="a"))] == [good[1], good[0]]
    assert [run.id for run in read(store.calls.list_done(10, bad=True))] == bad
    assert [run.id for run in read(store.calls.list_done(1, offset=1))] == [good[1]]


def test_history_beyond_the_limit_of_a_task_goes_with_its_records(store: Store) -> None:
    noisy = store.submit(10, task="noisy")
    quiet = store.submit(1, task="quiet")
    store.take(n=20)
    store.finish("E1", *quiet, history=4)
    store.finish("E1", *noisy[:3], history=4)
    store.finish("E1", *noisy[3:], history=4)
    assert [store.state(run) for run in noisy] == [None] * 6 + ["s"] * 4
    assert store.state(quiet[0]) == "s"
    done = store.link.execute(store.calls.list_done(100, task="noisy"))
    assert [run.id for run in done] == noisy[:5:-1]


def test_history_never_takes_the_record_of_a_run_that_lives_again(store: Store) -> None:
    key = keyed_id()
    store.submit(ids=[key])
    store.take()
    store.finish("E1", key, history=1)
    first, second = store.submit(2)
    store.take(n=2)
    store.finish("E1", first, history=1)  # the key's record goes, and may be used again
    store.submit(ids=[key])
    assert store.flags == [1]
    store.finish("E1", second, history=1)
    assert store.state(key) == "q"
    assert store.take() == [key]


def test_the_lists_of_the_finished_stay_short(store: Store) -> None:
    for _ in range(12):
        ids = store.submit(1000)
        store.take(n=1000)
        store.finish("E1", *[store.outcome(run, state="e") for run in ids], history=100)
    assert store.redis("LLEN", "@done") <= 11_000
    assert store.redis("LLEN", "@bad") <= 11_000
    assert store.redis("LLEN", "@done:job") == 100


def test_events_of_a_call_are_one_entry(store: Store) -> None:
    ids = store.submit(2)
    ((last, _),) = store.link.execute(store.calls.newest_events(1)).own
    store.take()
    store.finish("E1", *ids, events=b"packed")
    store.link.execute(store.calls.emit(b"more"))
    page = store.link.execute(store.calls.read_events(StreamPlace(last), StreamPlace("0-0"), 9))
    assert [blob for _, blob in page.own] == [b"packed", b"more"]
    assert store.link.execute(store.calls.newest_events(1)).own == page.own[-1:]
    (first, _), (second, _) = page.own
    wait = store.calls.wait_both
    assert store.link.execute(wait(first, "0-0", 1000)) == {f"{store.calls.prefix}events": second}
    assert store.link.execute(wait(second, "0-0", 1)) == {}


def test_the_event_stream_stays_short(store: Store) -> None:
    for _ in range(30):
        calls = [store.calls.emit(b"event")] * 400
        store.link.execute_all(*calls)
    assert store.redis("XLEN", "@events") <= 10_200


def test_an_end_rings_for_those_who_wait_once(store: Store) -> None:
    ids = store.submit(3)
    store.take()
    store.rings()
    store.link.execute(store.calls.watch_runs(ids[:2]))
    store.link.execute(store.calls.unwatch_runs(ids[1:2]))
    store.finish("E1", *ids)
    assert store.rings() == [f"done|{ids[0]}"]
    assert store.redis("EXISTS", "@waits") == 0


def test_an_end_rings_for_a_watched_task_each_time(store: Store) -> None:
    store.watch("etl")
    runs = store.submit(2, task="etl") + store.submit(1, task="other")
    store.take()
    store.rings()
    store.finish("E1", runs[0], store.outcome(runs[1], state="e"), runs[2])
    at = store.now_ms
    told = ["unlogged|", f"task|etl|s|{runs[0]}|{at}", f"task|etl|e|{runs[1]}|{at}"]
    assert store.rings() == told


def test_a_retry_is_not_an_end(store: Store) -> None:
    run = store.submit_one()
    store.take()
    store.link.execute(store.calls.watch_runs([run]))
    store.rings()
    store.finish("E1", store.outcome(run, "a"))
    assert [ring for ring in store.rings() if ring.startswith("done")] == []
    assert store.link.execute(store.calls.tally()) == {}


def test_progress_and_intent_live_as_long_as_the_run(store: Store) -> None:
    run = store.submit_one()
    set_progress, set_intent = store.calls.set_progress, store.calls.set_intent
    assert store.link.execute(set_progress("E1", run, b"1/3")) is False
    store.take()
    assert store.link.execute(set_progress("E1", run, b"1/3")) is True
    assert store.link.execute(set_progress("E2", run, b"2/3")) is False
    assert store.link.execute(set_intent(run, b"stop")) is True
    assert store.link.execute(store.calls.get_progress()) == {run: b"1/3"}
    assert store.link.execute(store.calls.get_intent(run)) == b"stop"
    store.finish("E1", run)
    assert store.link.execute(store.calls.get_progress()) == {}
    assert store.link.execute(store.calls.get_intent(run)) is None
    assert store.link.execute(set_intent(run, b"stop")) is False


def test_a_supervisor_that_is_away_gets_one_token_instead_of_too_many(store: Store) -> None:
    store.watch("job")
    for _ in range(11):
        ids = store.submit(1000)
        store.take(n=1000)
        store.finish("E1", *ids)
    rings = store.rings()
    assert rings[0] == "lost"
    assert len(rings) < 2500
