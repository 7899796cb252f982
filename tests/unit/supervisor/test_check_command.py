"""The parameters of a command: what is wrong with them."""

import pytest

from rtd.common.errors import ParameterError
from rtd.supervisor.runs.check_command import check_command


def test_a_list_in_the_place_of_words_is_explained() -> None:
    with pytest.raises(ParameterError, match="the words are separate arguments"):
        check_command({"argv": [["true"]]})
    with pytest.raises(ParameterError, match="cannot hold a NUL"):
        check_command({"argv": ["a\0b"]})
