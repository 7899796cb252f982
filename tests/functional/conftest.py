"""One daemon with the app of `tests/programs/jobs.py` for all tests that do not change it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.daemon import Daemon, shared_daemon
from tests.helpers.external import ExternalRedis
from tests.helpers.source import PROGRAMS


@pytest.fixture(scope="session")
def jobs() -> Iterator[Daemon]:
    """A daemon with tasks. Shared: use queues and gates of your own, end what you start."""
    flags = ["--set", "lanes.thread.concurrency=32"]
    with shared_daemon("jobs:session", cwd=PROGRAMS, flags=flags) as daemon:
        yield daemon


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Path]:
    """A file that the task `hold` waits for; it comes at the end at the latest."""
    path = tmp_path / "gate"
    yield path
    path.touch()


@pytest.fixture
def external(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExternalRedis]:
    """A Redis of the test's own."""
    redis = ExternalRedis(tmp_path_factory.mktemp("r"))
    redis.start()
    yield redis
    redis.kill()
