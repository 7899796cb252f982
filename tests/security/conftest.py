"""Tests with other users. Some only root can do."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.other_user import open_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of this user that all others may read."""
    with open_folder() as found:
        yield found
