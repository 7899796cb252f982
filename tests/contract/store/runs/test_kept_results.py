"""Results that others are given: the latest one is kept, also when its record is gone."""

from typing import Any

import pytest

from rtd.common.msgpack_values import pack, unpack
from rtd.model.run_record import Attempt, RunEnd, RunRecord, RunSpec, encode_record
from rtd.model.run_states import RunState
from rtd.store.commands.arguments import LeaseOutcome
from tests.contract.store.harness import Store

SPEC = RunSpec("", "T", b"p" * 70_000, "process", "default", 0, 1.5, {"labels": ["x"]}, "me", None)
FAILED = Attempt(
    1, 1.0, 2.0, RunState.EXCEPTION, "E1", ["ValueError", "x" * 300, "y" * 70_000],
    ["f", 0, 1, 2**40, 0], -1.5, 2**35, [-9, 200], "note",
)  # fmt: skip


def finish(store: Store, value: Any, state: RunState = RunState.SUCCEEDED, task: str = "T") -> None:
    """One run of the task from its submit to this result."""
    run_id = store.submit_one(task=task)
    assert store.take() == [run_id]
    result = None if value is None else pack(value)
    end = RunEnd(3.5, result, "task", "because", [[1, "sh", "killed"]])
    record = encode_record(RunRecord(state, SPEC._replace(id=run_id), (FAILED, FAILED), end))
    assert store.finish("E1", LeaseOutcome(run_id, task, "d", record), history=1) == []


def kept(store: Store, task: str = "T") -> Any:
    (blob,) = store.link.execute(store.calls.get_results([task]))
    return None if blob is None else unpack(blob)


@pytest.mark.parametrize(
    "value", [0, "", "text", b"\x00" * 300, list(range(70_000)), {"a": (1, None)}, 2**70]
)
def test_the_result_is_cut_out_of_the_record_whole(store: Store, value: Any) -> None:
    store.watch("T", "returning")
    finish(store, value)
    assert kept(store) == value


def test_only_successes_of_tasks_that_are_asked_for_are_kept(store: Store) -> None:
    finish(store, 1)
    store.watch("T", "returning")
    assert kept(store) is None
    finish(store, 2)
    finish(store, 3, RunState.ERROR)
    finish(store, 4, task="other")
    assert (kept(store), kept(store, "other")) == (2, None)
    finish(store, None)
    assert store.link.execute(store.calls.get_results(["T"])) == [b"\xc0"]


def test_it_outlives_the_record_and_an_earlier_one_does_not_replace_it(store: Store) -> None:
    store.watch("T", "returning")
    finish(store, "first")
    finish(store, "second")
    finish(store, "third", RunState.TERMINATED)
    assert len(store.link.execute(store.calls.list_done(10, task="T"))) == 1
    assert store.link.execute(store.calls.seed_result("T", pack("older"))) is False
    assert kept(store) == "second"
    assert store.link.execute(store.calls.seed_result("U", pack("older"))) is True
