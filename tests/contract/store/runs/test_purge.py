"""Purging: all that waits in a queue ends, wherever it waits, and nothing else does."""

import msgpack
import pytest

from rtd.common.ids import new_ids
from rtd.model.run_record import RunEnd, RunRecord, RunSpec, decode_record, new_record, pack_end
from rtd.model.run_states import RunState
from rtd.store.commands import keys
from rtd.store.commands.arguments import PurgeReply, Submission
from tests.contract.store.harness import HISTORY, NODE, Store

END = RunEnd(1_800_000_000.5, None, "anna", "queue q was purged by anna", None)


def submit(
    store: Store, count: int, *, task: str = "job", queue: str = "q", mc: int | None = None,
    due_ms: int = 0,
) -> list[str]:  # fmt: skip
    """Runs with records as they are in earnest."""
    ids = new_ids(count)
    place = keys.place("process", queue, 0)
    runs = []
    for number, run_id in enumerate(ids):
        params = b"p" * (100 if number % 2 else 400)  # the spec's own header has 2 or 3 bytes
        opts = {"max_concurrency": mc} if mc else {}
        spec = RunSpec(run_id, task, params, "process", queue, 0, 1.5, opts, "anna", None)
        runs.append(Submission(run_id, new_record(spec), keys.item(run_id, mc, task), due_ms, 0))
    store.link.execute(store.calls.submit(NODE, place, task, store.now_ms, runs))
    store.spots.update((run.id, (place, run.item, task)) for run in runs)
    return ids


def purge(store: Store, queue: str = "q") -> int:
    """All of a queue, as the supervisor does it."""
    ended = skip = 0
    while True:
        answer: PurgeReply = store.link.execute(
            store.calls.purge(NODE, store.now_ms, HISTORY, queue, pack_end(END), END.why, skip)
        )
        ended, skip = ended + answer.ended, answer.skip
        if answer.last and not answer.ended:
            return ended


def record(store: Store, run_id: str) -> RunRecord:
    blob = store.record(run_id)
    assert blob is not None
    return decode_record(blob)


@pytest.mark.parametrize("task", ["job", "j" * 31, "j" * 32, "ä" * 130])
def test_the_records_say_how_they_ended_and_are_else_as_they_were(store: Store, task: str) -> None:
    ids = submit(store, 4, task=task)
    before = [record(store, run_id) for run_id in ids]
    assert purge(store) == 4
    after = [record(store, run_id) for run_id in ids]
    assert after == [run._replace(state=RunState.CANCELLED, end=END) for run in before]
    assert store.link.execute(store.calls.tally(task)) == {"c": 4}
    assert {r.id for r in store.link.execute(store.calls.list_done(10, bad=True))} == set(ids)
    blobs = [blob for _, blob in store.link.execute(store.calls.newest_events(1)).own]
    events = msgpack.unpackb(blobs[0])
    assert [event[1:] for event in events] == [
        [run_id, task, "cancelled", "cancelled", END.why] for run_id in ids
    ]


def test_it_takes_from_the_queue_from_those_held_and_from_those_delayed(store: Store) -> None:
    running = submit(store, 1, mc=1)
    held = submit(store, 3, mc=1)
    assert store.take(n=9) == running
    queued = [i for _ in range(3) for i in submit(store, 900)]
    delayed = [i for _ in range(2) for i in submit(store, 600, due_ms=store.now_ms + 1000)]
    others = [
        *submit(store, 3, queue="other", due_ms=store.now_ms + 500),
        *submit(store, 3, queue="other", due_ms=store.now_ms + 2000),
        *submit(store, 3, queue="other"),
    ]
    assert purge(store) == len(held) + len(queued) + len(delayed)
    rows = store.link.execute(store.calls.list_queued(10_000))
    assert {row.id for row in rows} == set(others)
    assert record(store, running[0]).state is RunState.QUEUED  # its executor has it
    assert store.finish("E1", *running) == []
    assert set(store.take(n=9)) == set(others[6:])
    store.pass_ms(5000)
    assert set(store.take(n=9)) == set(others[:6])


def test_a_paused_queue_is_purged_and_stays_paused(store: Store) -> None:
    submit(store, 5)
    store.link.execute(store.calls.pause(NODE, "q"))
    assert purge(store) == 5
    assert store.redis("EXISTS", "@parked") == 0
    later = submit(store, 1)
    assert store.take() == []
    store.link.execute(store.calls.resume(NODE, "q"))
    assert store.take() == later


def test_a_run_of_another_queue_that_waited_behind_a_limit_moves_up(store: Store) -> None:
    blocker, waits = submit(store, 2, mc=1)
    assert store.take(n=9) == [blocker]
    behind = submit(store, 1, mc=1, queue="other")[0]
    assert store.take(n=9) == []
    assert store.waiting("held") == [waits, behind]
    store.finish("E1", blocker)  # `waits` has its place now
    assert store.waiting("held") == [behind]
    assert purge(store) == 1
    assert store.take() == [behind]


def test_those_who_wait_for_a_purged_run_are_told(store: Store) -> None:
    ids = submit(store, 3)
    store.link.execute(store.calls.watch_runs(ids[:1]))
    store.rings()
    assert purge(store) == 3
    assert f"done|{ids[0]}" in store.rings()


def test_an_empty_queue_has_nothing_to_purge(store: Store) -> None:
    assert purge(store) == 0
