"""The fields of an attempt stand in one table; what spells them out again must follow it."""

import ast
from typing import Any

import pytest

from rtd.common.ids import new_id
from rtd.executor.core.attempt_outcome import AttemptOutcome
from rtd.executor.core.leased_run import LeasedRun
from rtd.model.run_record import Attempt, RunSpec, decode_record, new_record, parse_attempt
from rtd.model.run_states import RunState
from rtd.protocol.shapes import ATTEMPT
from rtd.rpc.verbs.show import attempt_row
from tests.helpers.source import modules

RUN = RunSpec(new_id(), "task", b"\x80", "process", "default", 0, 1.5, {})
#: A value of its own for every field, by its name.
WHOLE = Attempt(
    number=1,
    started_at=2.5,
    ended_at=3.5,
    state=RunState.EXCEPTION,
    executor="E1",
    error=["ValueError", "no", "Traceback"],
    output=["f", 1, 2, 3, 4],
    cpu_s=0.25,
    peak_bytes=5,
    exit=[7, None],
    note="a note",
    node="one",
)
#: The fields that the outcome of an attempt has; the executor finds the others when it writes.
KNOWN = set(Attempt._fields) & {*AttemptOutcome.__slots__, "number", "executor", "node"}


def known(attempt: Attempt) -> dict[str, Any]:
    return {name: getattr(attempt, name) for name in Attempt._fields if name in KNOWN}


@pytest.fixture
def outcome() -> AttemptOutcome:
    """The outcome of that attempt, as the executor knows it."""
    made = AttemptOutcome(LeasedRun(new_record(RUN), {}))
    for name in KNOWN - {"number", "executor", "node", "state"}:
        setattr(made, name, getattr(WHOLE, name))
    made.state = "x"
    return made


def test_an_executor_writes_every_field_in_its_place(outcome: AttemptOutcome) -> None:
    written = outcome.attempt_fields("E1", "one")
    missing = Attempt._fields[len(written) :]
    assert not missing, f"rtd.executor.core.leased_run writes no {', '.join(missing)}"
    assert known(parse_attempt(written)) == known(WHOLE)


def test_a_record_of_an_executor_has_the_attempt(outcome: AttemptOutcome) -> None:
    (attempt,) = decode_record(outcome.record("E1", "one", again=True)).attempts
    assert known(attempt) == known(WHOLE)


def test_the_supervisor_sets_every_field_when_it_settles() -> None:
    module = modules()["rtd.supervisor.ending.settle_decision"]
    (call,) = (
        node
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Attempt"
    )
    missing = set(Attempt._fields) - {keyword.arg for keyword in call.keywords}
    assert not missing, f"{module.name} sets no {', '.join(sorted(missing))}"


def test_show_gives_every_field_of_its_shape() -> None:
    row = attempt_row(WHOLE, "two")
    assert list(row) == [field.name for field in ATTEMPT.fields]
    assert (row["state"], row["output_bytes"], row["lost_bytes"]) == ("exception", 2, 4)
    assert row["node"] == "two"


def test_the_protocol_shows_every_field_of_an_attempt() -> None:
    """Of `output`, which says where it lies, only the sizes."""
    shown = {field.name for field in ATTEMPT.fields} - {"output_bytes", "lost_bytes"}
    assert shown == set(Attempt._fields) - {"output"}
