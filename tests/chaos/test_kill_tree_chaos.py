"""Trees that resist are killed a hundred times over. Run by `make chaos`."""

import pytest

from tests.helpers.kill_trees import check_families

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]


def test_a_hundred_deaf_breeding_families_leave_nothing() -> None:
    check_families(100)
