"""The declared verbs: requests are checked precisely, and the generated files are current."""

import re
from typing import Any

import pytest

from rtctl.generated.run_options import POLICIES
from rtd.common.errors import BadRequest
from rtd.model.policies import POLICY_FIELDS, POLICY_OPTIONS
from rtd.protocol.schema import REQUIRED, alternatives, matches_type
from rtd.protocol.shapes import SHAPES, SUBMIT_OPTIONS
from rtd.protocol.verbs import VERBS, check_request
from tools import generate_client


def test_defaults_are_filled_in() -> None:
    assert check_request("ls", {"limit": 5}) == {
        "task": None,
        "state": [],
        "queue": None,
        "labels": [],
        "limit": 5,
        "since": None,
        "until": None,
        "ended_from": None,
    }


def test_defaults_are_not_shared_between_requests() -> None:
    check_request("submit", {"task": "a"})["params"]["x"] = 1
    assert check_request("submit", {"task": "a"})["params"] == {}


@pytest.mark.parametrize(
    ("verb", "params", "sentence"),
    [
        ("lss", {}, "unknown verb 'lss'; known: hello, submit"),
        ("ls", {"limt": 5}, "ls: unknown parameter 'limt'; did you mean 'limit'?"),
        ("ping", {"x": 5}, "ping: unknown parameter 'x'; it takes nothing"),
        ("ls", {"limit": "5"}, "ls: 'limit' must be a whole number, not '5'"),
        ("ls", {"limit": True}, "ls: 'limit' must be a whole number, not True"),
        ("ls", {"state": "queued"}, "ls: 'state' must be a list, each a text, not 'queued'"),
        ("ls", {"state": [1]}, "ls: 'state' must be a list, each a text, not [1]"),
        ("kill", {}, "kill: the parameter 'runs' (a list, each a text) is missing"),
        ("kill", {"runs": ["a"], "grace_s": "1s"}, "'grace_s' must be a number or nil, not '1s'"),
        ("wait", {"runs": ["a"], "timeout_s": ""}, "must be a number or nil, not ''"),
        ("submit", {"task": "a", "params": {1: 2}}, "submit: 'params' must be a map, not {1: 2}"),
    ],
)
def test_a_wrong_request_is_reported_precisely(
    verb: str, params: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(BadRequest, match=re.escape(sentence)) as caught:
        check_request(verb, params)
    assert "\n" not in caught.value.sentence


@pytest.mark.parametrize("name", VERBS)
def test_the_example_of_each_verb_is_a_right_request_with_the_declared_answer(name: str) -> None:
    verb = VERBS[name]
    asked, answered = verb.example
    check_request(name, asked)
    declared = {p.name: p for p in verb.result}
    assert set(answered) <= set(declared)
    for key, value in answered.items():
        assert matches_type(declared[key].type, value), (key, value)


def test_every_type_in_use_is_a_plain_one_or_a_shape() -> None:
    known = {"str", "int", "float", "bool", "bytes", "None", "Any", "dict[str, Any]"}
    known |= {s.name for s in SHAPES}
    params = [p for v in VERBS.values() for p in (*v.params, *v.result)]
    params += [p for s in SHAPES for p in s.fields]
    for param in params:
        for part in alternatives(param.type):
            inner = part[5:-1] if part.startswith("list[") else part
            assert set(alternatives(inner)) <= known, param
        if param.default is not REQUIRED:
            assert matches_type(param.type, param.default), param


def test_submit_offers_every_policy_of_a_task() -> None:
    assert {p.name for p in SUBMIT_OPTIONS} - set(POLICY_OPTIONS) == {
        "at", "delay", "headers", "labels",
    }  # fmt: skip
    assert set(POLICY_OPTIONS) <= {p.name for p in SUBMIT_OPTIONS}


def test_a_policy_is_one_field_and_one_option() -> None:
    assert {"timeout_s", "memory_limit_bytes", "retries"} <= set(POLICY_FIELDS)
    assert {"timeout", "memory_limit", "retries"} <= set(POLICY_OPTIONS)
    kinds = {option.kind.removesuffix(" | None") for option in POLICY_OPTIONS.values()}
    assert kinds - {"text", "int", "share", "duration", "size", "names"} == {"fail|requeue"}
    types = {field.name: field.type for field in SUBMIT_OPTIONS}
    assert types["timeout"] == "str | float | None"
    assert types["retry_on"] == "list[str]"
    assert {name for name, _, _ in POLICIES} == set(POLICY_OPTIONS)


def test_the_made_files_are_current() -> None:
    stale = [
        str(path.relative_to(generate_client.ROOT))
        for path, text in generate_client.outputs().items()
        if not path.exists() or path.read_text() != text
    ]
    assert stale == [], "run python -m tools.generate_client"
