"""The check of a request against its declaration."""

import pytest

from rtd.common.ids import new_id
from rtd.protocol import schema
from rtd.protocol.verbs import check_request


def test_a_declared_type_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    request = {"task": "noop", "params": {}, "ids": [new_id()], "options": {}}
    before = check_request("submit", request)
    monkeypatch.setattr(schema, "alternatives", None)  # it takes longer than the checks
    assert check_request("submit", request) == before
