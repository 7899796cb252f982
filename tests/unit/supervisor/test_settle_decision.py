"""The outcome of a run whose executor died, case by case."""

from typing import Any

import pytest

from rtd.model.policies import Policies
from rtd.model.run_record import Attempt, RunRecord, RunSpec
from rtd.model.run_states import RunState
from rtd.supervisor.core.executor_registry import ExecutorExit
from rtd.supervisor.core.stop_request import Intent
from rtd.supervisor.ending.settle_decision import Evidence, determine_outcome

SPEC = RunSpec("01KAJ3V5Q0E7Z4M2T8W6R1X9YB", "t", b"\x80", "process", "q", 0, 1.0, {}, "me", None)
QUEUED = RunRecord(RunState.QUEUED, SPEC, (), None)
FAIL, REQUEUE = Policies(), Policies(on_lost="requeue")


def evidence(**changes: Any) -> Evidence:
    """A run that had started on an executor that SIGKILL ended."""
    gone = changes.pop("gone", ExecutorExit("x", "process", 42, signal=9))
    values = {"started_at": 5.0, "ended_at": 9.0, "intent": None, "output": None, "node": "n"}
    values |= changes
    return Evidence(gone, **values)


def lost(count: int) -> RunRecord:
    """A record of a run that has lost so many executors."""
    attempts = tuple(
        Attempt(n + 1, 1.0, 2.0, RunState.LOST, "x", None, None, 0.0, 0, [None, 9], None)
        for n in range(count)
    )
    return QUEUED._replace(attempts=attempts)


def test_a_run_that_never_started_goes_back_as_it_was() -> None:
    verdict = determine_outcome(QUEUED, FAIL, evidence(started_at=None))
    assert (verdict.kind, verdict.record) == ("h", QUEUED)


def test_a_run_that_never_started_and_was_to_stop_is_cancelled() -> None:
    intent = Intent("uid 0 (root)", "not needed", 1.0)
    verdict = determine_outcome(QUEUED, REQUEUE, evidence(started_at=None, intent=intent))
    assert (verdict.kind, verdict.record.state) == ("d", RunState.CANCELLED)
    assert verdict.record.end is not None
    assert (verdict.record.end.by, verdict.record.attempts) == ("uid 0 (root)", ())


def test_a_run_that_was_not_stopped_is_lost_and_the_record_names_the_signal() -> None:
    verdict = determine_outcome(QUEUED, FAIL, evidence())
    (attempt,) = verdict.record.attempts
    assert (verdict.kind, verdict.record.state) == ("d", RunState.LOST)
    assert (attempt.exit, attempt.started_at, attempt.ended_at) == ([None, 9], 5.0, 9.0)
    assert verdict.record.end is not None
    assert "SIGKILL" in verdict.record.end.why
    assert "pid 42" in verdict.record.end.why


@pytest.mark.parametrize(("before", "kind"), [(0, "h"), (1, "h"), (2, "d"), (3, "d")])
def test_a_run_is_requeued_until_its_third_loss(before: int, kind: str) -> None:
    verdict = determine_outcome(lost(before), REQUEUE, evidence())
    assert verdict.kind == kind
    assert verdict.record.state == (RunState.QUEUED if kind == "h" else RunState.LOST)
    assert len(verdict.record.attempts) == before + 1
    assert verdict.record.attempts[-1].number == before + 1


def test_a_run_that_was_stopped_says_by_whom_under_every_policy() -> None:
    killed = [[42, "rtd: process", "SIGKILL"]]
    gone = ExecutorExit("x", "process", 42, signal=9, killed=killed)
    verdict = determine_outcome(
        QUEUED, REQUEUE, evidence(gone=gone, intent=Intent("timeout", "late", 1.0))
    )
    assert (verdict.kind, verdict.record.state) == ("d", RunState.TERMINATED)
    end = verdict.record.end
    assert end is not None
    assert (end.by, end.why, end.pids) == ("timeout", "late", killed)


def test_a_run_that_is_reloaded_begins_again_with_new_parameters_and_uses_up_no_retry() -> None:
    intent = Intent("uid 0", "reloaded by uid 0", 1.0, reload_attempt=1, params=b"\x81\xa1a\x01")
    assert Intent.unpack(intent.pack()) == intent
    assert (intent.goes_on, intent.holds_for(1), intent.holds_for(2)) == (True, True, False)
    verdict = determine_outcome(QUEUED, FAIL, evidence(intent=intent))
    (attempt,) = verdict.record.attempts
    assert (verdict.kind, verdict.what, verdict.why) == ("h", "requeued", "reloaded by uid 0")
    assert (attempt.state, attempt.error) == (RunState.TERMINATED, None)
    assert (attempt.note or "").startswith("reloaded by uid 0; it did not end when asked")
    assert verdict.record.spec == SPEC._replace(params=b"\x81\xa1a\x01")
    same = Intent("uid 0", "reloaded", 1.0, reload_attempt=1)
    assert determine_outcome(QUEUED, FAIL, evidence(intent=same)).record.spec == SPEC


def test_a_drained_run_that_may_be_requeued_keeps_its_place() -> None:
    intent = Intent("drain", "shut down", 1.0, requeue=True)
    verdict = determine_outcome(QUEUED, REQUEUE, evidence(intent=intent))
    assert (verdict.kind, verdict.record.state) == ("h", RunState.QUEUED)
    assert verdict.record.attempts[0].state is RunState.TERMINATED


@pytest.mark.parametrize(
    ("gone", "by"),
    [
        (ExecutorExit("x", "process", 42, signal=11), "kernel"),
        (ExecutorExit("x", "process", 42, signal=9), "SIGKILL"),
        (ExecutorExit("x", "process", 42, code=3), "exit 3"),
        (ExecutorExit("x", "process", 0), "unknown"),
    ],
)
def test_who_is_to_blame_follows_from_how_it_ended(gone: ExecutorExit, by: str) -> None:
    end = determine_outcome(QUEUED, FAIL, evidence(gone=gone)).record.end
    assert end is not None
    assert end.by == by


def test_a_dead_zygote_is_named_before_the_end_of_its_executor() -> None:
    gone = ExecutorExit("x", "process", 42, signal=9, dead_zygote=7)
    end = determine_outcome(QUEUED, FAIL, evidence(gone=gone)).record.end
    assert end is not None
    assert end.why == "the zygote (pid 7) died, and its executor (pid 42) with it"
    assert end.by == "zygote"


def test_an_intent_survives_its_way_through_redis() -> None:
    intent = Intent("drain", "why", 5.0, requeue=True, note="a note")
    assert Intent.unpack(intent.pack()) == intent


def test_an_executor_of_another_boot_is_named_so() -> None:
    verdict = determine_outcome(
        QUEUED, FAIL, evidence(gone=ExecutorExit("x", "process", 0, slots_read=False))
    )
    assert (verdict.kind, verdict.record.state) == ("d", RunState.LOST)
    assert verdict.record.end is not None
    assert verdict.record.end.why == (
        "its executor (of an earlier boot or another runtime directory) is gone and it is not known"
        " how it ended"
    )
    assert verdict.record.end.by == "unknown"
