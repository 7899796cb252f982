"""Records that cannot be read: each is found, said, and replaced by one that can."""

from typing import Any

import pytest

from rtd.common.ids import new_id, time_of
from rtd.common.msgpack_values import pack
from rtd.executor.core.leased_run import LeasedRun
from rtd.executor.unreadable_runs import check_run
from rtd.model.run_record import (
    Attempt,
    RunEnd,
    RunRecord,
    RunSpec,
    encode_record,
    new_record,
)
from rtd.model.run_states import RunState
from rtd.store.commands import stored_records
from rtd.store.commands.arguments import StoredRun
from rtd.store.commands.stored_records import (
    UNREADABLE,
    likely_task,
    lost_record,
    parse_record,
    readable_record,
    unknown_record_parts,
)
from tests.golden.read import RELEASES, golden_blobs
from tests.golden.write_records import RUN_ID
from tests.helpers.bad_records import CHANGES

OPTS = {
    "timeout_s": 90, "retries": 2, "retry_on": ["ValueError"], "max_concurrency": 1,
    "memory_limit_bytes": None, "labels": ["a"], "headers": {"a": "b"},
    "declared": ["max_concurrency"],
}  # fmt: skip
SPEC = RunSpec(new_id(), "report", pack({"a": 1}), "process", "q", 0, 5.0, {}, "anna", "mine")
ATTEMPT = Attempt(
    1, 1.0, 2.0, RunState.EXCEPTION, "E", ["a", "b", "c"], ["f", 0, 1, 2, 3], 0.5, 7, [1, None], "n"
)
END = RunEnd(2.0, b"\xc0", "task", "why", [[1, "sh", "killed"]])
#: An executor needs none of these to carry out a run.
UNUSED = {"lane: empty", "queue: a bar", "submitted_at: a text", "submitted_at: nan"}


@pytest.mark.parametrize("release", RELEASES)
def test_the_records_of_every_release_can_be_read(release: str) -> None:
    for blob in golden_blobs(release, "run_records").values():
        assert parse_record(RUN_ID, blob).spec.id == RUN_ID


def test_a_whole_record_can_be_read() -> None:
    record = RunRecord(RunState.EXCEPTION, SPEC._replace(opts=OPTS), (ATTEMPT, ATTEMPT), END)
    assert parse_record(SPEC.id, encode_record(record)) == record
    assert readable_record(SPEC.id, None) is None


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_wrong_is_said_and_the_run_ends_as_lost(change: str) -> None:
    ended = encode_record(RunRecord(RunState.EXCEPTION, SPEC, (ATTEMPT,), END))
    for blob in (new_record(SPEC), ended):
        bad = CHANGES[change](blob)
        assert readable_record(SPEC.id, bad) is None
        with pytest.raises(ValueError, match=r"\A[ -~]{5,250}\Z"):  # no escape sequences
            parse_record(SPEC.id, bad)
        lost = lost_record(SPEC.id, bad, "nightly", 1e10)
        assert parse_record(SPEC.id, encode_record(lost)) == lost
        assert (lost.state, lost.attempts, lost.spec.id) == (RunState.LOST, (), SPEC.id)
        assert lost.end is not None
        assert "cannot be read" in lost.end.why
        if change.startswith(("attempts", "the end")):
            assert lost.spec == SPEC
        else:
            assert (lost.spec.task, lost.spec.submitted_at) == ("nightly", time_of(SPEC.id))


@pytest.mark.parametrize("change", sorted(CHANGES.keys() - UNUSED))
def test_an_executor_does_not_carry_it_out(change: str) -> None:
    run = StoredRun(SPEC.id, CHANGES[change](new_record(SPEC)))

    def take() -> None:
        check_run(LeasedRun(run.record, {}), run)

    with pytest.raises(UNREADABLE):
        take()


def test_the_task_of_an_unreadable_record_is_found_elsewhere() -> None:
    assert likely_task("process|q|0|" + SPEC.id, None) == "?"
    assert likely_task("process|q|0|" + SPEC.id, "nightly") == "nightly"
    assert likely_task(f"process|q|0|{SPEC.id}|2|a|b", None) == "a|b"
    assert likely_task(f"main|@rtd|9|{SPEC.id}", None) == "@?"
    assert likely_task("", None) == "?"


def test_a_record_is_made_of_the_parts_of_an_unknown_one() -> None:
    head, tail = unknown_record_parts()
    whole = parse_record(SPEC.id, head + SPEC.id.encode() + tail + b"\xc0")
    assert (whole.state, whole.spec.id, whole.end) == (RunState.CANCELLED, SPEC.id, None)
    assert (whole.spec.task, whole.spec.queue) == ("?", "?")


@pytest.mark.parametrize(
    ("kind", "checks"),
    [
        (RunSpec, stored_records._SPEC_CHECKS),
        (Attempt, stored_records._ATTEMPT_CHECKS),
        (RunEnd, stored_records._END_CHECKS),
    ],
)
def test_every_field_has_a_check(kind: type[RunSpec | Attempt | RunEnd], checks: Any) -> None:
    assert tuple(checks) == kind._fields
