"""One daemon with the app of `tests/programs/jobs.py` for all tests that do not change it."""

from collections.abc import Iterator

import pytest

from tests.helpers.daemon import Daemon, shared_daemon
from tests.helpers.source import PROGRAMS


@pytest.fixture(scope="session")
def jobs() -> Iterator[Daemon]:
    """A daemon with tasks. Shared: use queues and gates of your own, end what you start."""
    flags = ["--set", "lanes.thread.concurrency=32"]
    with shared_daemon("jobs:session", cwd=PROGRAMS, flags=flags) as daemon:
        yield daemon
