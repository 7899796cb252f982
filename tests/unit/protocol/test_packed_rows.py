"""An answer of packed rows is the same to a client as one that is packed at once."""

import pytest

from rtd.protocol import frames
from rtd.protocol.packed_rows import PackedResult, PackedRows


@pytest.mark.parametrize("count", [0, 1, 15, 16, 300, 70_000])
def test_the_answer_is_the_same(count: int) -> None:
    result = {
        "runs": [{"id": f"{n:026}", "text": "x" * (n % 40), "at": None} for n in range(count)],
        "totals": {"queued": count},
        "next": None,
    }
    rows = PackedRows()
    for row in result["runs"]:
        rows.append(row)
    assert len(rows) == count
    rest = {name: value for name, value in result.items() if name != "runs"}
    blob = PackedResult("runs", rows, rest).encode_response(7)
    answer = frames.parse_frame(frames.load(blob))
    assert isinstance(answer, frames.Response)
    assert (answer.msgid, answer.error, answer.result) == (7, None, result)
    assert list(answer.result) == list(result)
