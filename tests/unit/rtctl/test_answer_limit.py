"""How long a client waits for an answer follows from the declaration of the verb."""

import pytest

from rtctl.client.connection import ANSWER_S, answer_limit_s
from rtctl.generated.verb_table import ANSWERS_WITHIN_S
from rtd.protocol.schema import ANSWERS_WITHIN_S as DEFAULT_S
from rtd.protocol.verbs import VERBS


@pytest.mark.parametrize(
    ("verb", "params", "limit_s"),
    [
        ("ls", {}, 60.0),
        ("kill", {"grace_s": 5.0}, None),
        ("reload", {}, None),
        ("wait", {"timeout_s": None}, None),
        ("wait", {"timeout_s": 5.0}, 6.0),
    ],
)
def test_a_verb_that_may_take_long_has_no_limit(
    verb: str, params: dict[str, float | None], limit_s: float | None
) -> None:
    assert answer_limit_s(verb, params) == limit_s


def test_the_client_and_the_declarations_agree() -> None:
    assert ANSWER_S == DEFAULT_S
    slow = {v.name for v in VERBS.values() if v.answers_within_s is None}
    assert slow == set(ANSWERS_WITHIN_S)
