"""The task log on its way: told once, in order, kept until it is written."""

import pytest

from rtd.model.run_record import (
    Attempt,
    RunEnd,
    RunSpec,
    decode_record,
    encode_record,
    new_record,
    with_end,
)
from rtd.model.run_states import RunState
from rtd.model.task_log_entry import LogRow, TaskLogEntry
from rtd.store.commands.arguments import LeaseOutcome, Submission
from rtd.store.commands.task_log import LogReadReply
from tests.contract.store.harness import NODE, Store, keyed_id

PLACE = "process|default|0"


@pytest.fixture
def log(store: Store) -> Store:
    """A store whose node is logged."""
    store.link.execute(store.calls.log_switch(NODE, True))
    return store


def submit(store: Store, run_id: str, task: str = "job") -> bytes:
    spec = RunSpec(run_id, task, b"\x80", "process", "default", 0, 1.5, {}, "", None)
    blob = new_record(spec)
    store.spots[run_id] = (PLACE, run_id, task)
    runs = [Submission(run_id, blob, run_id)]
    store.link.execute(store.calls.submit(NODE, PLACE, task, store.now_ms, runs))
    return blob


def over(store: Store, run_id: str, state: RunState = RunState.SUCCEEDED) -> None:
    """Finish a run that E1 holds."""
    blob = store.record(run_id)
    assert blob is not None
    error = ["ValueError", "no", "Traceback"] if state is RunState.EXCEPTION else None
    attempt = Attempt(1, 10.25, 11.5, state, "E1", error, None, 0.0, 0, None, None)
    record = with_end(
        decode_record(blob), state, RunEnd(11.5, b"\x01", "task", "why", None), attempt
    )
    task = record.spec.task
    assert store.finish("E1", LeaseOutcome(run_id, task, "d", encode_record(record))) == []


def read(
    store: Store, exec_id: str = "L1", up_to: int | None = None, count: int = 100
) -> LogReadReply:
    found: LogReadReply = store.link.execute(store.calls.log_read(NODE, exec_id, up_to, count))
    return found


def entries(found: LogReadReply) -> list[TaskLogEntry]:
    return [TaskLogEntry.unpack(blob) for _, blob in found.entries]


def rows(found: LogReadReply) -> list[LogRow]:
    return [row for entry in entries(found) for row in entry.rows()]


def ids(found: LogReadReply) -> list[str]:
    return [entry.run_id for entry in entries(found)]


def test_without_the_switch_nothing_is_told(store: Store) -> None:
    submit(store, run := keyed_id())
    store.take()
    over(store, run)
    assert read(store) == LogReadReply("read", [])
    assert store.redis("KEYS", "@log:*") == [f"{store.calls.prefix}log:reader:{NODE}".encode()]


def test_an_end_tells_all_that_a_record_of_it_needs(log: Store) -> None:
    submit(log, run := keyed_id())
    log.take()
    over(log, run, RunState.EXCEPTION)
    assert rows(read(log)) == [
        LogRow("job", "run", run, 10.25, None),
        LogRow("job", "fail", run, 10.25, 11.5, "Traceback", "why"),
    ]


def test_a_run_that_has_begun_is_told_once_and_before_its_end(log: Store) -> None:
    submit(log, run := keyed_id())
    log.take()
    assert log.link.execute(log.calls.log_begun(NODE, [(run, "job", 9.125)])) == 1
    assert log.link.execute(log.calls.log_begun(NODE, [(run, "job", 9.5)])) == 0
    over(log, run)
    assert log.link.execute(log.calls.log_begun(NODE, [(run, "job", 9.75)])) == 0
    assert rows(read(log)) == [
        LogRow("job", "run", run, 9.125, None),
        LogRow("job", "success", run, 9.125, 11.5, None, "why"),
    ]


def test_entries_that_were_not_confirmed_come_again(log: Store) -> None:
    runs = [keyed_id() for _ in range(5)]
    for run in runs:
        submit(log, run)
    log.take()
    for run in runs:
        over(log, run)
    first = read(log, count=2)
    assert ids(first) == runs[:2]
    assert read(log, count=2).entries == first.entries
    done = first.entries[-1][0]
    second = read(log, up_to=done, count=2)
    assert ids(second) == runs[2:4]
    assert read(log, up_to=done, count=2) == second, "a repeated call takes nothing away"


def test_one_process_at_a_time_reads_and_the_next_is_rung(log: Store) -> None:
    submit(log, run := keyed_id())
    log.take()
    over(log, run)
    assert read(log, "L1").what == "read"
    assert read(log, "L2").what == "busy"
    log.fence("L1")
    assert log.bell("L2") == [None]
    assert ids(read(log, "L2")) == [run]
    assert read(log, "L1").what == "fenced"


def test_it_is_told_how_many_had_the_first_entry_before(log: Store) -> None:
    runs = [keyed_id() for _ in range(2)]
    for run in runs:
        submit(log, run)
        log.take()
        over(log, run)
    first = read(log, "L1")
    assert first.tries == 1
    assert read(log, "L1").tries == 0
    log.fence("L1")
    assert read(log, "L2").tries == 2
    assert read(log, "L2", up_to=first.entries[0][0]).tries == 0
    log.fence("L2")
    assert read(log, "L3").tries == 1, "the second entry is another one"


def test_the_bell_rings_for_the_first_entry_only(log: Store) -> None:
    read(log)
    for _ in range(2):
        submit(log, run := keyed_id())
        log.take()
        over(log, run)
    assert log.redis("LLEN", "@bell:log:" + NODE) == 1


def test_entries_beyond_the_bound_are_counted(log: Store) -> None:
    log.redis("EVAL", "for i = 1, 1000 do local t = {} for j = 1, 1000 do t[j] = '1|' end "
              "redis.call('RPUSH', KEYS[1], unpack(t)) end", 1, "@log:" + NODE)  # fmt: skip
    submit(log, run := keyed_id())
    log.take()
    over(log, run)
    assert log.redis("LLEN", "@log:" + NODE) == 1_000_000
    assert read(log, count=1).lost == 1
    assert read(log, count=1).lost == 0


def test_an_end_is_told_also_when_its_record_goes_at_once(log: Store) -> None:
    runs = [keyed_id() for _ in range(3)]
    for run in runs:
        submit(log, run)
    log.take()
    for run in runs:
        blob = log.record(run)
        assert blob is not None
        end = RunEnd(11.5, None, "task", "", None)
        record = encode_record(with_end(decode_record(blob), RunState.SUCCEEDED, end))
        log.finish("E1", LeaseOutcome(run, "job", "d", record), history=0)
    assert ids(read(log)) == runs


def test_a_record_that_is_too_long_goes_its_own_way(log: Store) -> None:
    submit(log, run := keyed_id())
    log.take()
    blob = log.record(run)
    assert blob is not None
    end = RunEnd(11.5, bytes(100_000), "task", "", None)
    record = encode_record(with_end(decode_record(blob), RunState.SUCCEEDED, end))
    log.finish("E1", LeaseOutcome(run, "job", "d", record))
    (entry,) = entries(read(log))
    assert entry.is_cut
    assert list(entry.rows()) == [LogRow("job", "success", run, None, log.now_ms / 1000)]


def test_a_record_that_is_kept_twice_is_there_once(store: Store) -> None:
    rows = [(2.5, b"b"), (1.5, b"a")]
    for _ in range(2):
        store.link.execute_all(*store.calls.log_store(NODE, "redis", rows))
    assert store.link.execute(store.calls.log_records(NODE, "redis", None, None)) == [b"a", b"b"]
    assert store.link.execute(store.calls.log_records(NODE, "redis", 2.0, 3.0)) == [b"b"]
    assert store.link.execute(store.calls.log_latest(NODE, "redis", 0, 1)) == [b"b"]
