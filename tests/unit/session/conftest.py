"""Each test begins and ends without a session."""

from collections.abc import Iterator

import pytest

from rtd.session.core.default_session import SESSIONS


@pytest.fixture(autouse=True)
def no_session_before() -> Iterator[None]:
    """No session has been made, before and after."""
    SESSIONS.chosen = SESSIONS.implied = None
    yield
    SESSIONS.chosen = SESSIONS.implied = None
