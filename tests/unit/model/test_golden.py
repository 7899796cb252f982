"""Records of earlier releases are read, and those that later releases may store."""

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgpack
import pytest

from rtd.common.ids import to_words
from rtd.common.msgpack_values import unpack
from rtd.executor.core.leased_run import LeasedRun
from rtd.model.manifest import Manifest
from rtd.model.run_record import Attempt, RunEnd, RunRecord, RunSpec, decode_record
from rtd.model.run_states import RunState
from rtd.model.task_log_entry import TaskLogEntry
from rtd.process.board.board import Board
from rtd.process.board.slot import RETIRE_WORD, WORDS
from rtd.process.tree.process_identity import boot_hash
from rtd.supervisor.core.stop_request import Intent
from rtd.supervisor.ending.dead_executor_files import DeadExecutorFiles
from rtd.supervisor.runs.read_output import OutputSource
from tests.golden.read import RELEASES, golden_blobs, golden_file
from tests.golden.write_files import stored_files
from tests.golden.write_records import (
    AT,
    EXECUTOR,
    FAILED,
    PARAMS,
    RUN_ID,
    SPEC,
    app_records,
    ended_records,
    packed_values,
    run_id,
    run_records,
)

_Row = RunSpec | Attempt | RunEnd
pytestmark = pytest.mark.parametrize("release", RELEASES)


def test_there_is_golden_data(release: str) -> None:
    assert "0.1.0" in RELEASES, release


def test_a_run_that_waits_or_runs_is_read(release: str) -> None:
    read = {
        name: decode_record(blob) for name, blob in golden_blobs(release, "run_records").items()
    }
    assert read["queued"] == RunRecord(RunState.QUEUED, SPEC, (), None)
    assert read["queued_from_template"] == read["queued"]
    assert read["queued_plain"].spec == SPEC._replace(opts={}, key=None)
    assert read["queued_again"] == RunRecord(RunState.QUEUED, SPEC, (FAILED,), None)
    assert read["running"] == RunRecord(RunState.RUNNING, SPEC, (FAILED,), None)
    assert unpack(read["queued"].spec.params) == {"day": date(2026, 11, 29), "limit": 3}


@pytest.mark.parametrize("state", [str(record.state) for record in ended_records().values()])
def test_a_run_that_has_ended_is_read(release: str, state: str) -> None:
    record = decode_record(golden_blobs(release, "run_records")[state])
    assert record == ended_records()[state]


def test_a_record_that_an_executor_wrote_is_read(release: str) -> None:
    read = {
        name: decode_record(blob) for name, blob in golden_blobs(release, "run_records").items()
    }
    done, again = read["executor_succeeded"], read["executor_again"]
    output = [f"{EXECUTOR}.1.seg", 28, 21, 32, 0]
    attempt = Attempt(
        1, AT + 1, AT + 2, RunState.SUCCEEDED, EXECUTOR, None, output, 0.5, 40_000_000, None, None
    )
    assert (done.state, done.spec, done.attempts) == (RunState.SUCCEEDED, SPEC, (attempt,))
    assert done.end is not None
    assert done.end._replace(result=None) == RunEnd(AT + 2, None, "task", "", None)
    assert unpack(done.end.result or b"") == ("a", 1)
    assert again.attempts == (attempt._replace(state=RunState.EXCEPTION, error=FAILED.error),)
    assert (again.state, again.end) == (RunState.QUEUED, None)


def test_an_executor_carries_out_what_was_queued(release: str) -> None:
    run = LeasedRun(golden_blobs(release, "run_records")["queued_again"], {})
    assert (run.id, run.task, run.params, run.attempt_number) == (RUN_ID, "report", PARAMS, 2)
    assert (run.submitted_at, run.opts) == (AT, SPEC.opts)


def test_values_of_every_type_are_read(release: str) -> None:
    blobs = golden_blobs(release, "values")
    stop = Intent.unpack(blobs.pop("stop_request"))
    values = {
        "plain": [None, True, -1, 2.5, "ä", b"\xff", {"a": {"b": [1]}}],
        "times": [
            datetime(2026, 11, 29, 2, 30, tzinfo=UTC), date(2026, 11, 29), time(2, 30, 1),
            timedelta(days=1, seconds=2, microseconds=3),
        ],
        "numbers": [Decimal("1.10"), 1 << 70, -(1 << 70)],
        "others": [UUID(int=5), Path("/srv/data")],
        "boxes": [{1}, frozenset({2}), (3, (4,))],
        "zoned": [
            datetime(2026, 10, 25, 3, 30, tzinfo=ZoneInfo("Europe/Helsinki"), fold=1),
            time(2, 30, tzinfo=timezone(timedelta(hours=1), "CET")), bytearray(b"a"),
        ],
    }  # fmt: skip
    assert blobs
    for name, blob in blobs.items():  # a release has the values that it could store
        assert unpack(blob) == values[name]
    assert stop == Intent("drain", "the daemon ends", AT, requeue=True, note="after its grace")


def test_the_declarations_of_an_app_are_read(release: str) -> None:
    manifest = Manifest.from_dict(msgpack.unpackb(golden_blobs(release, "app")["manifest"]))
    task, info = manifest.find("report"), manifest.info
    assert set(manifest.tasks) == {"report", "command"}
    assert (task.lane, task.parameters) == ("thread", (("day", True), ("limit", False)))
    assert (task.policies.timeout_s, task.policies.retry_on) == (90.0, ("ValueError",))
    assert (task.schedule.start, task.schedule.catch_up) == ("daily after 08:00", "last")
    switches = (task.any_parameters, task.on_startup, task.force_run, task.hidden)
    assert switches == (True, True, True, False)
    assert info.settings == {"lanes.process.max": 4}
    assert info.custom["is holiday fi"].arguments == {"land": "fi"}
    assert (info.parameters[0].name, info.parameters[0].results) == ("day", ["land"])
    assert (info.loaders[0].stamp, info.hooks) == ("0a1b2c3d", {"startup": 1, "cycle": 2})
    assert info.past is not None
    assert (info.past[0].action, info.faults[0].kind) == ("success", "loader")
    assert (info.cycle_s, info.logged, info.code) == (0.5, True, {"report": 77})
    assert (info.silence_task_prerun, info.silence_cond_check) == (False, False)


def test_the_board_is_read(release: str, tmp_path: Path) -> None:
    path = tmp_path / "board"
    old = bytearray(golden_file(release, "board").ljust(8 * WORDS * 16385, b"\0"))
    old[24:32] = boot_hash().to_bytes(8, sys.byteorder)  # its executors live on
    path.write_bytes(old)
    board = Board.create(path)
    owned = board.owned_slots()
    assert [(s.slot, s.pid, s.ticks, s.lane) for s in owned] == [
        (0, 5000, 100, "process"), (1, 5001, 101, "thread"), (2, 5002, 102, "command"),
    ]  # fmt: skip
    assert (board.supervisor, owned[0].exec_id) == ((4242, 99), EXECUTOR)
    (run,) = board.scan()
    assert (run.run_id, run.attempt, run.started_ns) == (RUN_ID, 2, 10**9)
    assert (run.deadline_ns, run.memory_limit_bytes, run.cpu_limit_ns) == (
        2 * 10**9,
        1 << 20,
        3 * 10**9,
    )
    assert run.stop_word == to_words(RUN_ID)[1]
    assert [slot.retire for slot in owned] == [False, False, True]
    assert board.slot(2).stop_word == RETIRE_WORD
    assert board.slot(0).serving_generation == 3
    board.close()


def test_outcomes_that_a_dead_executor_left_are_read(release: str, tmp_path: Path) -> None:
    (tmp_path / f"x-{EXECUTOR}.spool").write_bytes(golden_file(release, "spool"))
    (done, event), (again, _) = DeadExecutorFiles(tmp_path, EXECUTOR).read_outcomes()
    assert (done.id, done.task, done.kind, done.due_ms) == (RUN_ID, "report", "d", 0)
    assert decode_record(done.record).state is RunState.SUCCEEDED
    assert event == [AT + 2, RUN_ID, "report", "finished", "s", ""]
    assert (again.id, again.kind, again.due_ms) == (run_id(1), "a", 1_800_000_009_000)
    assert decode_record(again.record).state is RunState.QUEUED


def test_output_is_read(release: str, tmp_path: Path) -> None:
    segment = golden_file(release, "segment")
    (tmp_path / "x.1.seg").write_bytes(segment)
    (tmp_path / f"x-{EXECUTOR}-0.scratch").write_bytes(golden_file(release, "scratch"))
    (tmp_path / f"x-{EXECUTOR}-0.index").write_bytes(golden_file(release, "scratch_index"))
    for number, source in enumerate(
        [
            OutputSource.from_record(tmp_path, ["x.1.seg", 28, 22, 32, 0]),
            OutputSource.from_record(tmp_path, ["x.1.seg", 110, 22, 32, 0]),
            OutputSource.live(tmp_path, EXECUTOR, 0),
        ]
    ):
        assert source is not None
        assert [(part.stream, part.at, part.data) for part in source.parts()] == [
            ("out", AT, b"to the output\n"), ("err", AT, b"error %d\n" % number),
        ]  # fmt: skip


def test_the_writer_still_writes_every_case(release: str, tmp_path: Path) -> None:
    written = run_records()
    for name, blob in golden_blobs(release, "run_records").items():
        assert decode_record(_cut(written[name], blob)) == decode_record(blob), name
    assert golden_blobs(release, "values").keys() <= packed_values().keys()
    assert golden_blobs(release, "app").keys() <= app_records().keys()
    for name, blob in stored_files(tmp_path).items():
        # Longer by the fields that came since.
        assert len(blob) >= len(golden_file(release, name)), name


class TestOtherFields:
    """Records of releases that had fewer fields, and of those that will have more."""

    def test_fields_of_a_later_release_are_left_out(self, release: str) -> None:
        for name, blob in golden_blobs(release, "run_records").items():
            assert decode_record(_changed(blob, _lengthened)) == decode_record(blob), name

    def test_fields_that_an_earlier_release_did_not_have_get_their_defaults(
        self, release: str
    ) -> None:
        blob = golden_blobs(release, "run_records")["exception"]
        record = decode_record(_changed(blob, lambda row, _: row[:-1]))
        whole = decode_record(blob)
        assert record.spec == whole.spec._replace(key=None)
        assert record.attempts == tuple(a._replace(note=None) for a in whole.attempts)
        assert whole.end is not None
        assert record.end == whole.end._replace(pids=None)

    def test_the_task_log_reads_them_too(self, release: str) -> None:
        blob = golden_blobs(release, "run_records")["exception"]
        attempts, end = msgpack.unpackb(blob[1:])[1:]
        head = msgpack.packb([RUN_ID, "report", "x", 1, AT, 1])
        for change in (lambda row: [*row, "new"], lambda row: row[:-1]):
            tail = msgpack.packb([change(row) for row in attempts]) + msgpack.packb(change(end))
            entry = TaskLogEntry.unpack(head + tail)
            assert [attempt.state for attempt in entry.attempts] == [RunState.EXCEPTION] * 2
            assert [row.exc_text for row in entry.rows()] == [FAILED.error[2].rstrip("\n")]  # type: ignore[index]

    def test_a_record_without_its_first_fields_is_malformed(self, release: str) -> None:
        blob = golden_blobs(release, "run_records")["exception"]
        with pytest.raises(ValueError, match="malformed record"):
            decode_record(_changed(blob, lambda row, _: row[:3]))


def _changed(blob: bytes, change: Callable[[list[Any], type[_Row]], list[Any]]) -> bytes:
    """The record with its spec, its attempts and its end changed alike."""
    spec, attempts, end = msgpack.unpackb(blob[1:])
    schema, *fields = msgpack.unpackb(spec)
    return blob[:1] + msgpack.packb(
        [
            msgpack.packb([schema, *change(fields, RunSpec)]),
            [change(attempt, Attempt) for attempt in attempts],
            None if end is None else change(end, RunEnd),
        ]
    )


def _lengthened(row: list[Any], kind: type[_Row]) -> list[Any]:
    """The stored fields with those that came after this release, and one that is to come."""
    later = kind._fields[len(row) :]
    return [*row, *(kind._field_defaults[name] for name in later), "new"]


def _cut(blob: bytes, golden: bytes) -> bytes:
    """The record without the fields that the release of the golden one did not have."""
    sizes: dict[type[_Row], int] = {}

    def measure(row: list[Any], kind: type[_Row]) -> list[Any]:
        sizes[kind] = len(row)
        return row

    _changed(golden, measure)
    return _changed(blob, lambda row, kind: row[: sizes[kind]])
