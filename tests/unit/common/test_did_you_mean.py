"""The hint behind an error about an unknown name, worded in one place only."""

import pytest

from rtd.common.did_you_mean import did_you_mean
from tests.helpers.source import ROOT


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({}, "; did you mean 'timeout'?"),
        ({"quoted": False}, "; did you mean timeout?"),
        ({"at_most": 2, "cutoff": 0.5}, "; did you mean 'timeout' or 'time'?"),
        ({"cutoff": 1.0}, ""),
        ({"cutoff": 1.0, "otherwise": "known: time"}, "; known: time"),
    ],
)
def test_the_hint_names_what_is_close_or_else_what_is_known(options, hint):
    assert did_you_mean("timout", ["retries", "time", "timeout"], **options) == hint


def test_no_other_module_of_rtd_words_the_hint_for_a_name():
    """A condition's suggestion is a text in backticks: the language makes it by its grammar."""
    worded = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "rtd").rglob("*.py")
        if "did you mean" in path.read_text().replace("did you mean `", "")
    ]

    assert worded == ["rtd/common/did_you_mean.py"]
