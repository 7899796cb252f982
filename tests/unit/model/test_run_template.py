"""A template packs the same bytes as the slow way."""

from hypothesis import given
from hypothesis import strategies as st

from rtd.common.ids import new_id
from rtd.model.run_record import RunSpec, decode_record, new_record
from rtd.model.run_template import RunTemplate

TEXT = st.text(max_size=60)


@given(st.binary(max_size=70_000), TEXT, TEXT, st.integers(-100, 100), st.booleans())
def test_a_template_makes_the_record_that_new_record_makes(
    params: bytes, task: str, queue: str, priority: int, keyed: bool
) -> None:
    opts = {"timeout_s": 5.0, "labels": ["a"]} if keyed else {}
    spec = RunSpec(
        new_id(), task, params, "process", queue, priority, 1.5, opts, "uid 0",
        "key" if keyed else None,
    )  # fmt: skip
    blob = RunTemplate(spec._replace(id="", params=b"")).record(spec.id, params)
    assert blob == new_record(spec)
    assert decode_record(blob).spec == spec
