"""Keys that earlier releases have left in Redis are read, and their runs go on."""

from pathlib import Path

import msgpack
import pytest

from rtd.model.run_record import decode_record
from rtd.model.run_states import RunState
from rtd.model.task_log_entry import LogRow, TaskLogEntry
from rtd.store.commands import keys
from rtd.store.commands.arguments import LeaseOutcome
from rtd.store.commands.schedule_records import (
    ActiveRun,
    FiredOccurrence,
    OccurrenceRecord,
    parse_occurrences,
    parse_scheduler_state,
)
from rtd.store.connection.blocking import RedisConnection
from tests.contract.store.harness import Store
from tests.golden.read import RELEASES, golden_keys, restore_redis
from tests.golden.write_records import AT, EXECUTOR, PARAMS, run_id
from tests.golden.write_redis import COMMANDS, LIMITED, NODE, NOW_MS, NOW_US, redis_keys

#: `demand` held hints for one daemon: without them the next submit rings once more.
FORMER = {"demand"}


@pytest.fixture(params=RELEASES)
def link(request: pytest.FixtureRequest, store: Store) -> RedisConnection:
    """A Redis that holds what a release has left."""
    restore_redis(request.param, store.link, COMMANDS.prefix)
    return store.link


def test_the_writer_still_writes_every_key(tmp_path: Path) -> None:
    assert set(redis_keys(tmp_path)) >= golden_keys(RELEASES[-1]) - FORMER


def test_runs_are_where_they_waited(link: RedisConnection) -> None:
    waiting = link.execute(COMMANDS.list_queued(100))
    assert {run.id: run.where for run in waiting} == {
        run_id(3): "held", run_id(4): "delayed", run_id(6): "queue", run_id(7): "queue",
        run_id(8): "queue",
    }  # fmt: skip
    assert {decode_record(run.record).state for run in waiting} == {RunState.QUEUED}
    (spot,) = [run.place_item for run in waiting if run.where == "delayed"]
    assert link.execute(COMMANDS.get_due_times([spot])) == [(spot, NOW_MS / 1000 + 60)]
    rows = link.execute(COMMANDS.queue_table())
    assert {row.queue: (row.priority, row.paused, row.queued) for row in rows} == {
        "nightly": (5, False, 1), "default": (0, False, 1), "paused": (0, True, 1),
    }  # fmt: skip


def test_running_and_finished_runs_are_read(link: RedisConnection) -> None:
    running = link.execute(COMMANDS.list_running())
    assert {run.id for run in running} == {run_id(1), run_id(2)}
    assert {run.exec for run in running} == {EXECUTOR}
    assert msgpack.unpackb(link.execute(COMMANDS.get_progress())[run_id(1)])[:2] == [3.0, 10.0]
    done = link.execute(COMMANDS.list_done(10))
    assert {run.id: str(decode_record(run.record).state) for run in done} == {
        run_id(0): "succeeded", run_id(5): "cancelled",
    }  # fmt: skip
    assert link.execute(COMMANDS.tally("report")) == {"s": 1, "c": 1}
    assert link.execute(COMMANDS.get_results(["report"])) != [None]
    events = link.execute(COMMANDS.newest_events(100)).own
    assert [AT + 2, run_id(0), "report", "finished", "s", ""] in [
        event for _, blob in events for event in msgpack.unpackb(blob)
    ]


def test_runs_go_on(link: RedisConnection) -> None:
    record = link.execute(COMMANDS.get_record(run_id(0)))
    done = [LeaseOutcome(run_id(n), task, "d", record) for n, task in ((1, "report"), (2, LIMITED))]
    finish = COMMANDS.finish(NODE, EXECUTOR, NOW_MS + 3000, b"", 1000, done)
    assert link.execute(finish) == []
    took = link.execute(COMMANDS.take(NODE, EXECUTOR, "process", 10, NOW_MS + 3000))
    assert [run.id for run in took.runs] == [run_id(3)]
    link.execute(COMMANDS.resume(NODE, "paused"))
    take = COMMANDS.take(NODE, "other", "thread", 10, NOW_MS + 70_000, enroll=True)
    assert {run.id for run in link.execute(take).runs} == {run_id(4), run_id(6), run_id(7)}


def test_the_task_log_is_read(link: RedisConnection) -> None:
    reply = link.execute(COMMANDS.log_read(NODE, "writer", None, 100))
    entries = [TaskLogEntry.unpack(blob) for _, blob in reply.entries]
    rows = [(row.run_id, row.action) for entry in entries for row in entry.rows()]
    assert rows == [
        (run_id(0), "run"), (run_id(1), "run"), (run_id(0), "success"), (run_id(5), "inaction"),
    ]  # fmt: skip
    (kept,) = link.execute(COMMANDS.log_records(NODE, "redis", None, None))
    assert LogRow.unpack(kept) == LogRow(
        "report", "fail", run_id(0), AT, AT + 1, "Traceback ...", "no rows"
    )


def test_the_schedule_is_read(link: RedisConnection) -> None:
    answers = link.execute_all(*COMMANDS.get_scheduler_state())
    state = parse_scheduler_state(answers)
    assert (state.alive_us, state.switches) == (NOW_US, {"nightly": False})
    assert ActiveRun(run_id(8), "hourly", NOW_US + 5) in state.active_runs
    assert state.catch_ups == [OccurrenceRecord("hourly", NOW_US - 5_000_000, "it is made up for")]
    assert (state.last["r"]["hourly"], state.last["u"]["hourly"]) == (
        NOW_US + 5,
        NOW_US - 9_000_000,
    )
    found = parse_occurrences("hourly", link.execute_all(*COMMANDS.occurrences("hourly", 10)))
    assert found == [
        OccurrenceRecord("hourly", NOW_US, f"late|{run_id(8)}|the daemon was down"),
        OccurrenceRecord("hourly", NOW_US - 9_000_000, "skipped||a run was going"),
    ]
    assert link.execute(COMMANDS.misses(10)) == found


def test_fired_occurrences_are_not_fired_again(link: RedisConnection) -> None:
    record = link.execute(COMMANDS.get_record(run_id(8)))
    again = FiredOccurrence("hourly", NOW_US, NOW_US, run_id(8), record, run_id(8), 0, "ran||")
    place = keys.place("main", "default", 0)
    assert link.execute(COMMANDS.fire(NODE, place, NOW_MS, 100, NOW_US, [again])) == ["q"]


def test_faults_and_settings_are_read(link: RedisConnection) -> None:
    condition, hook = link.execute(COMMANDS.list_faults(NODE))
    assert (condition.what, condition.times) == ("is holiday", 1)
    assert (hook.message, hook.first_at, hook.last_at, hook.times) == (
        "KeyError: 'b' at app.py:3", AT, AT + 1, 2,
    )  # fmt: skip
    assert link.execute(COMMANDS.get_halt()).what == "is holiday"
    assert link.execute(COMMANDS.get_all_params()) == {"report|day": PARAMS}
    assert link.execute(COMMANDS.get_shutdown_runs(NODE)) == [run_id(1), run_id(2)]
    assert msgpack.unpackb(link.execute(COMMANDS.get_startup(NODE)))["runs"] == [run_id(0)]
    assert link.execute(COMMANDS.claim(NODE, b"", b"", 1000)) == b'{"token": "a", "pid": 4242}'
