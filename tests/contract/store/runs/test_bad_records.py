"""Records that another program has overwritten: their runs leave their queues, others go on."""

import pytest

from rtd.common.ids import new_id
from rtd.model.run_record import RunEnd, RunSpec, decode_record, new_record, pack_end
from rtd.model.run_states import RunState
from rtd.store.commands import keys
from rtd.store.commands.arguments import Submission
from tests.contract.store.harness import HISTORY, NODE, Store
from tests.helpers.bad_records import CHANGES

END = RunEnd(1_800_000_000.5, None, "anna", "queue q was purged by anna", None)


@pytest.fixture
def bad(store: Store) -> dict[str, str]:
    """Queued runs of task `job` with bad records between two good ones, by their changes."""
    ids: dict[str, str] = {}
    for name, change in {"good": bytes, **CHANGES, "also good": bytes}.items():
        run_id = ids[name] = new_id()
        spec = RunSpec(run_id, "job", b"\x80", "process", "q", 0, 1.5, {}, "anna", None)
        submit(store, spec, new_record(spec))
        store.redis("SET", f"@r:{run_id}", change(new_record(spec)))
    return ids


def submit(store: Store, spec: RunSpec, record: bytes, mc: int | None = None) -> None:
    place, item = keys.place(spec.lane, spec.queue, 0), keys.item(spec.id, mc, spec.task)
    run = Submission(spec.id, record, item)
    store.link.execute(store.calls.submit(NODE, place, spec.task, store.now_ms, [run]))
    store.spots[spec.id] = (place, item, spec.task)


@pytest.mark.parametrize("watched", [False, True])
def test_all_are_taken(store: Store, bad: dict[str, str], watched: bool) -> None:
    if watched:
        store.watch("job", "asked")  # take reads the task of each record
    assert set(store.take(n=100)) == set(bad.values())
    assert set(store.fence("E1")) == set(bad.values())
    assert store.settle("E1", *bad.values()) == []


def test_all_are_purged(store: Store, bad: dict[str, str]) -> None:
    store.redis("HSET", "@flying", bad["words"], "job|5")
    call = store.calls.purge(NODE, store.now_ms, HISTORY, "q", pack_end(END), END.why, 0)
    assert store.link.execute(call).ended == len(bad)
    assert store.waiting() == []
    for name in ("good", "words", "nothing", "id: 5"):
        record = decode_record(store.record(bad[name]) or b"")
        assert (record.state, record.spec.id, record.end) == (RunState.CANCELLED, bad[name], END)
    assert {store.state(run_id) for run_id in bad.values()} == {"c"}
    done = {run.id for run in store.link.execute(store.calls.list_done(100, task="job"))}
    assert bad["words"] in done


def test_a_run_that_has_ended_is_not_taken(store: Store) -> None:
    spec = RunSpec(new_id(), "job", b"\x80", "process", "q", 0, 1.5, {}, "anna", None)
    submit(store, spec, new_record(spec))
    store.redis("SET", f"@r:{spec.id}", b"c" + new_record(spec)[1:])
    assert store.take() == []


def test_the_place_and_the_task_of_a_leased_run_are_known(store: Store) -> None:
    spec = RunSpec(new_id(), "job", b"\x80", "process", "q", 0, 1.5, {}, "anna", None)
    store.watch("job")
    submit(store, spec, new_record(spec), mc=2)
    store.take()
    other = new_id()
    places = store.link.execute(store.calls.get_lease_places("E1", [spec.id, other]))
    assert places == [f"process|q|0|{spec.id}|2|job", ""]
    assert store.link.execute(store.calls.get_started_tasks([spec.id, other])) == ["job", None]


def test_what_does_not_begin_with_a_letter_has_no_state(store: Store) -> None:
    ids = [new_id() for _ in range(4)]
    for run_id, blob in zip(ids, (b"", b"\xff", b"garbage"), strict=False):
        store.redis("SET", f"@r:{run_id}", blob)
    assert store.link.execute(store.calls.get_states(ids)) == "??g-"
    for run_id in ids:
        store.redis("DEL", f"@r:{run_id}")


def test_what_only_begins_as_the_record_of_a_run_that_goes_on_has_no_state(store: Store) -> None:
    spec = RunSpec(new_id(), "job", b"\x80", "process", "q", 0, 1.5, {}, "anna", None)
    good = new_record(spec)
    blobs = [b"q", b"r", b"quite other words", b"q\x93", good[:-1], good, b"r" + good[1:]]
    ids = [new_id() for _ in blobs]
    for run_id, blob in zip(ids, blobs, strict=True):
        store.redis("SET", f"@r:{run_id}", blob)
    assert store.link.execute(store.calls.get_states(ids)) == "?????qr"
    for run_id in ids:
        store.redis("DEL", f"@r:{run_id}")
